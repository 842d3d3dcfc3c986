"""Tests of the slash commands' own code."""
