"""What exists on the local Discord and what can be done to it; it emits changes, and knows neither JSON nor the gateway."""
