"""What no text of the database can hold, and no view can read, is refused with a page of ours."""

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.request import RawPostDataException

from config.errors import bad_request

NUL = "\x00"


class StorableMiddleware:
    """400 for a path, a query or a form with the character U+0000: nobody types it.

    JSON bodies are the parsers' affair; ingest answers before.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """No query."""
        if NUL in request.path_info or _is_in(request.GET):
            return bad_request(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *args: Any) -> HttpResponse | None:
        """Forms, which the check of the CSRF token has read by now."""
        is_form = request.method == "POST" and not request.path_info.startswith("/api/")
        return bad_request(request) if is_form and _is_in(request.POST) else None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A form was sent where a view reads a JSON body: it is read already, and no JSON."""
        return bad_request(request) if isinstance(exception, RawPostDataException) else None


def _is_in(values: QueryDict) -> bool:
    return any(NUL in text for text in _texts(values.lists()))


def _texts(lists: Iterable[tuple[str, list[Any]]]) -> Iterable[str]:
    for name, values in lists:
        yield name
        yield from (value for value in values if isinstance(value, str))
