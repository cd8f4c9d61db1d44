"""What every API of ours does alike: errors, bodies, pages, filters, retries, versions, docs."""
