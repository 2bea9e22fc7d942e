"""Lists: cursor pages of `limit` (50, at most 500)."""

from typing import Any

from rest_framework.pagination import CursorPagination
from rest_framework.response import Response

MAX_LIMIT = 500


class CursorPages(CursorPagination):
    """`results`, `next`, `previous`; a view sets `ordering` to a unique, indexed order."""

    page_size = 50
    max_page_size = MAX_LIMIT
    page_size_query_param = "limit"
    ordering = "-id"

    def get_ordering(self, request: Any, queryset: Any, view: Any) -> tuple[str, ...]:
        """The view's `ordering`, else newest id first."""
        ordering = getattr(view, "ordering", None) or self.ordering
        return (ordering,) if isinstance(ordering, str) else tuple(ordering)


def one_page(results: list[Any]) -> Response:
    """A short list that needs no second page, in the same shape."""
    return Response({"results": results, "next": None, "previous": None})
