"""The slash commands: each is a defer, one use case, one reply."""

EXTENSIONS = (
    "cogs.pages",
    "cogs.everyone",
    "cogs.here",
    "cogs.spaces",
    "cogs.linking",
    "cogs.watchlist",
    "cogs.configure",
    "cogs.setup",
    "cogs.overview",
    "cogs.operator",
)
"""The extensions that the bot loads; one that fails to load stops the start."""
