"""Moments, durations and windows: of which time a question is."""
