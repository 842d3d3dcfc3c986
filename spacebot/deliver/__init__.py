"""Brings messages to Discord: announcements and notices, their pace, and what prevents them."""
