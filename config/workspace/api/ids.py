"""Ids out of an address."""

ID_DIGITS = 19  # that a bigint always holds are fewer


def number_of(text: str) -> int:
    """The id, or 0 where this can be none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < ID_DIGITS else 0
