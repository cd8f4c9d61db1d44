"""Pages for people that are not the admin."""
