"""Deciding what happened. Knows no HTTP and no Discord."""
