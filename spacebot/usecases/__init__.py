"""What people ask the bot to do, without Discord and without prose."""
