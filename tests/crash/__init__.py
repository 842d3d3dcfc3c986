"""The bot killed at every step: in simulated time (`histories`), and as a real process (`processes`)."""
