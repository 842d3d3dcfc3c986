"""Talking to X. Knows nothing of Discord or SQLite."""
