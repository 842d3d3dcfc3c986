"""What a request body may be: each reader returns typed values, or refuses with Discord's errors."""
