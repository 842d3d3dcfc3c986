"""A Discord bot that announces X Spaces the moment they start, once, and keeps the announcement true."""
