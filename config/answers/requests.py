"""What happens to every request, before all else: an id, and a count of its answer."""

import time
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from config.answers import request_ids
from config.workspace.health import counters
from config.workspace.work import recording

AREAS = {"v1": "ingest", "api": "api", "console": "console", "static": "static"}
ASKING = ("api", "console")  # the database, as a rule


class RequestMiddleware:
    """The first of all: ingest's answers, which end the chain early, are counted too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """No query."""
        number = request_ids.taken(request.META.get("HTTP_X_REQUEST_ID", ""))
        token, began = request_ids.current.set(number), time.monotonic()
        request.request_id = number  # type: ignore[attr-defined]  # Django logs when we are done
        try:
            response = self.get_response(request)
        finally:
            request_ids.current.reset(token)
        response[request_ids.HEADER] = number
        area = area_of(request.path_info)
        status = f"{response.status_code // 100}xx"
        counters.count("http_requests_total", area=area, status=status)
        if area in ASKING and response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            recording.repeats.worked("answering requests")
        counters.count("http_request_seconds_total", time.monotonic() - began, area=area)
        return response


def area_of(path: str) -> str:
    """Few and fixed: never what somebody typed."""
    return AREAS.get(path.split("/", 2)[1] if path.startswith("/") else "", "public")
