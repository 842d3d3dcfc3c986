"""The bot as a process between a local X and a local Discord, seen as people see it."""
