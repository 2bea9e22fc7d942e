"""Putting words together."""

from collections.abc import Sequence


def joined(words: Sequence[str], last: str) -> str:
    """ "a, b and c"."""
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
