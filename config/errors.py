"""What an address that is not there, or a fault of ours, answers: problem details under /api/."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

from config.workspace.api.problems import CONTENT_TYPE, body_of


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: a request that is refused before a view sees it."""
    if request.path.startswith("/api/"):
        return _problem(400, "This request cannot be read: its host, its fields or its size.")
    return defaults.bad_request(request, exception or Exception())


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    if request.path.startswith("/api/"):
        return _problem(404, "There is nothing at this address.")
    return defaults.page_not_found(request, exception or Exception())


def server_error(request: HttpRequest, *args: Any) -> HttpResponse:
    """500; the log has the reason, the answer has none."""
    if request.path.startswith("/api/"):
        return _problem(500, "Something failed here; it was written down.")
    return defaults.server_error(request)


def _problem(status: int, detail: str) -> HttpResponse:
    return JsonResponse(body_of(status, detail=detail), status=status, content_type=CONTENT_TYPE)
