"""Compares what was planned with the rows there are, drives what was overlooked, and says so.

It trusts nobody: neither the engine whose process it lives in, nor the verbs. `turn` is taken by
one process at a time; `manage.py auditor` looks at everything at once.
"""
