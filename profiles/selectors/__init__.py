"""Reads about people, what they did, and what comes in."""
