"""The Discord client, and how it answers people."""
