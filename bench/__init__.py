"""How fast it is: each figure beside an anchor of the same run, and their ratio."""
