"""Telling Discord."""
