"""The public page of a team and its feeds: read only, without scripts, cookies or a session."""
