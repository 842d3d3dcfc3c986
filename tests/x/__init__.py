"""Statements about how X is asked and understood."""
