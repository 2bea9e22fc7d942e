"""Every address of the installation, with something in its place for each of its parameters."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

OUR_APPS = ("config", "profiles", "consent", "segments", "campaigns")
# what a console or an API page asks of its query, as its code says it
_ASKED = re.compile(
    r"(?:GET|query_params|POST|params)(?:\.get|\.getlist)?[\[(]\s*[\"']([\w-]+)[\"']"
)
_NAMED = re.compile(r"OpenApiParameter\(\s*\"([\w-]+)\"")
_PART = re.compile(r"<(?:(\w+):)?(\w+)>|\(\?P<(\w+)>")


def routes() -> Iterator[str]:
    """Patterns as the resolver has them, joined."""
    return (route for route, _view in routes_with_views())


def routes_with_views() -> Iterator[tuple[str, Any]]:
    """Each with what answers it."""
    return _walk(get_resolver(), "")


def _walk(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, Any]]:
    for part in resolver.url_patterns:
        here = prefix + str(part.pattern)
        if isinstance(part, URLResolver):
            yield from _walk(part, here)
        elif isinstance(part, URLPattern):
            yield here, part.callback


def parameters(route: str) -> list[str]:
    """The names of its parts."""
    return [named or group for _kind, named, group in _PART.findall(route)]


def address(route: str, values: Mapping[str, str]) -> str:
    """A path of the route; what `values` does not name is `x`."""
    text = _without_groups(route, values)
    text = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values.get(found[1], "x"), text)
    text = re.sub(r"\\Z|\^|\$|\\(?=\.)", "", text)
    return "/" + text.replace("/?", "/").lstrip("/")


def _without_groups(text: str, values: Mapping[str, str]) -> str:
    """Regular expressions' groups: named ones by value, others left out."""
    while (start := text.find("(?P<")) >= 0:
        end = _closing(text, start)
        name = text[start + 4 : text.index(">", start)]
        text = text[:start] + values.get(name, "x") + text[end + 1 :]
    return re.sub(r"\(\?:[^)]*\)\??", "", text)


def _closing(text: str, start: int) -> int:
    depth = 0
    for index in range(start, len(text)):
        depth += (text[index] == "(") - (text[index] == ")")
        if depth == 0:
            return index
    return len(text) - 1


@cache
def asked() -> list[str]:
    """Every name that some view of ours reads out of a query or a form, and what lists take."""
    names = {"o", "p", "q", "e", "_facets", "all", "page", "limit", "cursor", "ordering", "format"}
    for app in OUR_APPS:
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            text = path.read_text()
            names.update(_ASKED.findall(text), _NAMED.findall(text))
    return sorted(names)


def ask(client: Client, method: str, path: str, data: Any = None, **more: Any) -> HttpResponse:
    """The answer; what the request did is taken back, also where it failed within a query."""
    point = transaction.savepoint()
    try:
        if method == "POST" and not more:
            return client.post(path, data or {})
        return client.generic(method, path, data or "", **more)
    finally:
        transaction.savepoint_rollback(point)
