"""Keeps the catalogues of spacebot's sentences: `python -m translations` brings them up to date, `check` looks them over.

For who develops and translates the bot; it is no part of it, and ships with nothing.
"""
