"""The palette's search. Each kind of thing signs its finder in; nothing is cached, nothing is kept.

Unfold's own search caches results by user and term, so that hits would outlive an erasure or a
lost right.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

from config.console.pages import part
from config.workspace.registry import Registry

LIMIT = 6
SHORTEST = 2


@dataclass(frozen=True)
class Hit:
    """One line of the palette."""

    title: str
    description: Any
    url: str
    icon: str = "search"


@dataclass(frozen=True)
class Searcher:
    """A finder under its heading."""

    title: Any
    find: Callable[[HttpRequest, str], list[Hit]]


SEARCHERS: Registry[Searcher] = Registry("searcher")


def palette(request: HttpRequest) -> HttpResponse:
    """What begins with the term, grouped by kind; at most one or two queries a kind."""
    term = request.GET.get("s", "").strip().replace("\x00", "")[:200]
    groups = []
    if len(term) >= SHORTEST:
        found = ((searcher.title, searcher.find(request, term)) for _, searcher in SEARCHERS)
        groups = [(title, [hit for hit in hits if hit.url][:LIMIT]) for title, hits in found]
    context = {"groups": [group for group in groups if group[1]], "term": term}
    return part(request, "console/_hits.html", context)
