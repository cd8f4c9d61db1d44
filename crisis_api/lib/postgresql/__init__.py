"""Django's backend for PostgreSQL, with an end to waiting; `crisis_api.settings` names it."""
