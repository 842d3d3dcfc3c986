"""How often the bot connects, and what it says to Discord of its own accord."""
