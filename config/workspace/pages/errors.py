"""Errors that have words for whoever sees them."""

from django.http import Http404


class TooManyWrong(Exception):
    """So many keys or links of this caller were none that they have to wait: 429."""

    def __init__(self, seconds: int) -> None:
        super().__init__("too many wrong")
        self.seconds = seconds


class Explained(Http404):
    """Nothing is here, and the visitor is shown these words: why, or what to do."""
