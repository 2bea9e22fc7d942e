"""Providers that people sign in by: their rows as django-allauth has them, and their answers."""
