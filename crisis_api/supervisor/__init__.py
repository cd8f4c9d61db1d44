"""What `make run` is: one process that starts the others and lets none of them be left behind."""
