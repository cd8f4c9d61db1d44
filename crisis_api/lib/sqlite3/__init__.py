"""Django's backend for SQLite, whose writers take turns; `crisis_api.settings` names it."""
