"""A line of the list of checks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What was found. `url` with `link` is the remedy, or the door to the people."""

    state: str  # ok, warn, bad
    title: str
    text: str
    url: str = ""
    link: str = ""
    is_look: bool = False  # a door for everybody who sees the page; a remedy is for who may edit
