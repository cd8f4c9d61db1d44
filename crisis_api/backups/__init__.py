"""Backups of an installation on SQLite: made while it runs, put back while it doesn't."""
