"""The slash commands: each is a defer, one use case, one reply."""

EXTENSIONS = (
    "cogs.pages",
    "cogs.everyone",
    "cogs.people",
    "cogs.bell",
    "cogs.here",
    "cogs.spaces",
    "cogs.found",
    "cogs.stats",
    "cogs.linking",
    "cogs.watchlist",
    "cogs.configure",
    "cogs.setup",
    "cogs.overview",
    "cogs.operator",
    "cogs.help",
    "cogs.privacy",
)
"""The extensions that the bot loads; one that fails to load stops the start."""
