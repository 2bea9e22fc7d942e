"""Computed traits: made and changed, tried out, and read of people."""
