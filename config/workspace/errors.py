"""Errors that have words for whoever sees them."""

from django.http import Http404


class Explained(Http404):
    """Nothing is here, and the visitor is shown these words: why, or what to do."""
