"""Tickets to a platform's support: drafted here, submitted by a person."""
