"""What people ask the bot to do; knows no Discord."""
