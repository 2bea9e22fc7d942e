"""What no text of the database can hold reaches no view."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.request import RawPostDataException

from config.answers.errors import bad_request

NUL, UNREADABLE = "\x00", "\ufffd"


class StorableMiddleware:
    """U+0000 in an address reads as U+FFFD, as bytes that are no UTF-8 do; in a form it is a 400,
    and so it is in the query of a program.

    So a broken link finds nothing, as any other, and what is saved is what was sent. JSON bodies
    are the parsers' affair; ingest answers before.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """No query."""
        if NUL in request.path_info:
            request.path_info = request.path_info.replace(NUL, UNREADABLE)
        if "%00" in request.META.get("QUERY_STRING", ""):
            if request.path_info.startswith("/api/"):
                return bad_request(request)
            request.GET = _readable(request.GET)  # type: ignore[assignment]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *args: Any) -> HttpResponse | None:
        """Forms, which the check of the CSRF token has read by now."""
        is_form = request.method == "POST" and not request.path_info.startswith("/api/")
        return bad_request(request) if is_form and _is_in(request.POST) else None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A form was sent where a view reads a JSON body: it is read already, and no JSON."""
        return bad_request(request) if isinstance(exception, RawPostDataException) else None


def _readable(given: QueryDict) -> QueryDict:
    found = QueryDict(mutable=True)
    for name, values in given.lists():
        cleaned = [str(value).replace(NUL, UNREADABLE) for value in values]
        found.setlist(name.replace(NUL, UNREADABLE), cleaned)
    return found


def _is_in(values: QueryDict) -> bool:
    return any(
        NUL in name or any(isinstance(text, str) and NUL in text for text in texts)
        for name, texts in values.lists()
    )
