"""Crisis API: crisis management for brands on social media."""

__version__ = "1.0.0"
