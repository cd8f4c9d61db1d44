"""Who may: people, teams, roles, keys, and the audit of access and configuration."""
