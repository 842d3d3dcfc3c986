"""Bringing messages to Discord: what ought to stand in which channel, at what pace, and what is in the way."""
