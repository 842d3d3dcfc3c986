"""Draws the pictures in `docs/pictures`: what the bot shows, from its real payloads, as an imitation of Discord.

A program beside the bot, no part of it: `python -m pictures`.
"""
