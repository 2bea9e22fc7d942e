"""Whom an incident touched, and who is to be told by when."""
