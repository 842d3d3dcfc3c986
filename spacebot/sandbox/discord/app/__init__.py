"""Discord's app in a member's hands: what it offers, and what it sends to the bot."""
