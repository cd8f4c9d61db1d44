"""Words that scoring knows, by language. Plain data: how it is read stands in `vocabulary`."""
