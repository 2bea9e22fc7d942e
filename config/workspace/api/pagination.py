"""Lists: cursor pages of `limit` (50, at most 500).

A cursor holds the whole place of the last row, every column of the order, so that any number of
rows that share the first column (members who came in together) are leafed through exactly once.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from config.workspace.api.problems import Problem, invalid
from config.workspace.pages.public_address import base_url

DEFAULT_LIMIT, MAX_LIMIT = 50, 500
LONGEST_CURSOR, LONGEST_NUMBER = 1000, 9
BIGINT = 2**63


class CursorPages(BasePagination):
    """`results`, `next`, `previous`; a view sets `ordering` to a unique, indexed order."""

    ordering: tuple[str, ...] = ("-id",)

    def paginate_queryset(  # type: ignore[override]
        self, queryset: QuerySet[Any], request: Request, view: Any = None
    ) -> list[Any]:
        """The rows of the page that was asked for; one query. Raises Problem (400)."""
        ordering = getattr(view, "ordering", None) or self.ordering
        self.ordering = (ordering,) if isinstance(ordering, str) else tuple(ordering)
        self.url = base_url(request._request) + request.get_full_path()
        self.limit = limit_of(request)
        self.backwards, place = self._place(request, queryset.model)
        order = _reversed(self.ordering) if self.backwards else self.ordering
        if place:
            queryset = queryset.filter(_beyond(order, place))
        found = list(queryset.order_by(*order)[: self.limit + 1])
        self.has_more, found = len(found) > self.limit, found[: self.limit]
        self.page = found[::-1] if self.backwards else found
        self.has_place = bool(place)
        return self.page

    def get_paginated_response(self, data: Any) -> Response:
        """The page in the one shape of lists."""
        return Response({"results": data, "next": self._next(), "previous": self._previous()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The same shape for OpenAPI."""
        link = {"type": "string", "nullable": True, "format": "uri"}
        properties = {"results": schema, "next": link, "previous": link}
        return {"type": "object", "required": list(properties), "properties": properties}

    def _next(self) -> str | None:
        there = self.has_place if self.backwards else self.has_more
        return self._link(self.page[-1], backwards=False) if there and self.page else None

    def _previous(self) -> str | None:
        there = self.has_more if self.backwards else self.has_place
        return self._link(self.page[0], backwards=True) if there and self.page else None

    def _link(self, row: Any, *, backwards: bool) -> str:
        values = [getattr(row, name.lstrip("-")) for name in self.ordering]
        cursor = _encoded([int(backwards), *map(_plain, values)])
        return str(replace_query_param(self.url, "cursor", cursor))

    def _place(self, request: Request, model: type[models.Model]) -> tuple[bool, list[Any]]:
        """Which way, and the values to begin behind; none on the first page."""
        text = request.query_params.get("cursor", "")
        if not text:
            self.url = remove_query_param(self.url, "cursor")
            return False, []
        names = [name.lstrip("-") for name in self.ordering]
        try:
            backwards, *values = json.loads(_decoded(text))
            if backwards not in (0, 1) or len(values) != len(names):
                raise _no_cursor()
            fields = [model._meta.get_field(name) for name in names]
            return bool(backwards), [_value(f, v) for f, v in zip(fields, values, strict=True)]
        except (ValueError, TypeError, ArithmeticError, RecursionError, ValidationError) as error:
            raise _no_cursor() from error


def limit_of(request: Request) -> int:
    """How many rows a page has; more than MAX_LIMIT is MAX_LIMIT. Raises Problem."""
    text = request.query_params.get("limit", "")
    if not text:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdecimal()) or not text.strip("0"):
        raise invalid("limit", f"A whole number from 1 to {MAX_LIMIT}.")
    return MAX_LIMIT if len(text) > LONGEST_NUMBER else min(int(text), MAX_LIMIT)


def listed(request: Request, rows: Sequence[Mapping[str, Any]], *key: str) -> Response:
    """A page of a list that is made as a whole, in its own order.

    `key` names the members that tell its rows apart. A cursor holds them and the place of the row;
    where a row has moved, it is looked for, and where it is gone its place counts. Raises Problem.
    """
    limit, url = limit_of(request), base_url(request._request) + request.get_full_path()
    named = [[_plain(row[name]) for name in key] for row in rows]
    first, end = _span(request, named, limit)

    def link(place: int, *, backwards: bool) -> str:
        return str(
            replace_query_param(url, "cursor", _encoded([int(backwards), place, *named[place]]))
        )

    return Response(
        {
            "results": list(rows[first:end]),
            "next": link(end - 1, backwards=False) if end < len(rows) else None,
            "previous": link(first, backwards=True) if 0 < first < len(rows) else None,
        }
    )


def _span(request: Request, named: list[list[Any]], limit: int) -> tuple[int, int]:
    """From which row to which. Raises Problem."""
    text = request.query_params.get("cursor", "")
    if not text:
        return 0, min(limit, len(named))
    try:
        backwards, place, *key = json.loads(_decoded(text))
        is_place = isinstance(place, int) and not isinstance(place, bool) and 0 <= place < BIGINT
        if backwards not in (0, 1) or not is_place or (named and len(key) != len(named[0])):
            raise _no_cursor()
    except (ValueError, TypeError, RecursionError) as error:
        raise _no_cursor() from error
    place = min(place, len(named))
    if key in named and named[place : place + 1] != [key]:
        place = named.index(key)
    if backwards:
        return max(place - limit, 0), place
    return min(place + 1, len(named)), min(place + 1 + limit, len(named))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _encoded(place: list[Any]) -> str:
    text = json.dumps(place, separators=(",", ":"), default=str)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _no_cursor() -> Problem:
    return invalid("cursor", "Take the cursor as `next` and `previous` of an answer have it.")


def _decoded(text: str) -> str:
    if len(text) > LONGEST_CURSOR:
        raise ValueError("too long")
    try:
        return base64.b64decode(
            text + "=" * (-len(text) % 4), altchars=b"-_", validate=True
        ).decode()
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _value(field: Any, value: Any) -> Any:
    """As the column holds it. Raises ValueError, TypeError, OverflowError, ValidationError."""
    if isinstance(field, models.DateTimeField):
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:
            raise ValueError("a time without its zone")
        return found.astimezone(UTC)
    if isinstance(field, models.IntegerField | models.ForeignKey):
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= BIGINT:
            raise ValueError("not a whole number")
        return value
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError("not a text")
    return field.to_python(value)


def _reversed(ordering: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name[1:] if name.startswith("-") else f"-{name}" for name in ordering)


def _beyond(ordering: tuple[str, ...], place: list[Any]) -> Q:
    """Behind `place` in this order; the first column alone stands in front, for its index."""
    beyond = Q()
    for name, value in reversed(list(zip(ordering, place, strict=True))):
        column, way = name.lstrip("-"), "lt" if name.startswith("-") else "gt"
        inner = Q((column, value)) & beyond if beyond else Q()
        beyond = Q((f"{column}__{way}", value)) | inner if inner else Q((f"{column}__{way}", value))
    first, way = ordering[0].lstrip("-"), "lte" if ordering[0].startswith("-") else "gte"
    return Q((f"{first}__{way}", place[0])) & beyond if len(ordering) > 1 else beyond
