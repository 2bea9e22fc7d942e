"""Cursor pages whose rows are serialised together, so that a page costs no query per row."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from config.workspace.api.pagination import DEFAULT_LIMIT, MAX_LIMIT, CursorPages
from config.workspace.api.views import ApiView
from config.workspace.pages.rows import answer_for, unshown

PAGE_PARAMETERS = [
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "default": DEFAULT_LIMIT},
        description=f"Rows of a page; more than {MAX_LIMIT} is {MAX_LIMIT}.",
        required=False,
    ),
    OpenApiParameter(
        "cursor", str, description="As in `next` and `previous` of an answer.", required=False
    ),
]


def answer_page(
    view: ApiView,
    rows: QuerySet[Any],
    serialize: Callable[[Sequence[Any]], list[Any]],
    ordering: tuple[str, ...] = ("-id",),
) -> Response:
    """One page; a cursor that we did not make is 400."""
    view.ordering = ordering
    pages = CursorPages()
    page = pages.paginate_queryset(rows, view.request, view=view)
    return pages.get_paginated_response(_answers(serialize, page))


def _answers(serialize: Callable[[Sequence[Any]], list[Any]], page: Sequence[Any]) -> list[Any]:
    """All at once; where that fails, one by one, so that a bad row costs itself."""
    try:
        return serialize(page)
    except Exception as error:
        unshown(error)
    return [answer_for(lambda row: serialize([row])[0], row) for row in page]
