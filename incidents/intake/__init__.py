"""What arrives becomes a mention, is scored, and joins or opens an incident."""
