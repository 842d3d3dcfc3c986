"""Statements of behaviour over real parts."""
