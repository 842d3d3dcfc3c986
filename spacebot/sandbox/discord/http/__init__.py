"""The local Discord's HTTP API: checks, limits, faults on order, and the routes."""
