"""Answers ingest calls under /v1/ before sessions, CSRF, locale and the form parser see them.

Segment's published paths and shapes; see docs of the wire. Never a redirect, always JSON, always
readable across origins.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

from config.workspace.health import counters
from config.workspace.work import recording
from config.workspace.work.faults import is_for_want_of_room
from config.workspace.work.reasons import reason_of
from profiles.calls.envelope import CallRefused
from profiles.ingest import edge
from profiles.ingest.browser import settings_document

PREFIX = "/v1/"
KINDS = ("identify", "track", "page", "screen", "group", "alias", "batch", "import")
LETTERS = {name[0]: name for name in KINDS if name != "import"}
ALLOWED_HEADERS = (
    "authorization, content-type, content-encoding, x-retry-count, anonymousid, sentat, x-write-key"
)
RETRY_SECONDS = 5  # when the database is away
OK = b'{"success":true}'


class IngestMiddleware:
    """The first of all: what is not ingest goes on to the others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Ingest's own answer, or the rest of the stack's."""
        path = request.path_info
        if not path.startswith(PREFIX):
            return self.get_response(request)
        name = path[len(PREFIX) :].rstrip("/")
        if name.startswith("projects/") and name.endswith("/settings"):
            response = _settings(request, name)
        elif (kind := LETTERS.get(name, name)) in KINDS:
            response = _answer(request, kind)
        else:
            return self.get_response(request)
        return _open(request, response)


def _answer(request: HttpRequest, kind: str) -> HttpResponse:
    if request.method == "OPTIONS":
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    if request.method != "POST":
        response = _problem(405, "method_not_allowed", "POST is the only method here")
        response["Allow"] = "POST, OPTIONS"
        return response
    try:
        rejected = edge.take(request, kind)
    except CallRefused as refused:
        counters.count("refused_total", reason=refused.code)
        return _refusal(refused)
    except DatabaseError as error:
        recording.repeats.failed("keeping ingest calls", reason_of(error))
        connection.close_if_unusable_or_obsolete()
        full = is_for_want_of_room(error)
        words = "the disk is full: nothing was taken, try again later" if full else "try again"
        response = _problem(503, "unavailable", words)
        response["Retry-After"] = str(RETRY_SECONDS)
        return response
    recording.repeats.worked("keeping ingest calls")
    if not rejected:
        return _json(OK, 200)
    reasons = [
        {
            "index": one.index,
            "reason": one.problem.message,
            "code": one.problem.code,
            "path": one.problem.path,
        }
        for one in rejected
    ]
    return _json(msgspec.json.encode({"success": True, "rejected": reasons}), 200)


def _settings(request: HttpRequest, name: str) -> HttpResponse:
    if request.method == "OPTIONS":
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    if request.method not in ("GET", "HEAD"):
        response = _problem(405, "method_not_allowed", "GET is the only method here")
        response["Allow"] = "GET, OPTIONS"
        return response
    document = settings_document(request, name.split("/")[1])
    if document is None:
        return _problem(404, "unknown_source", "no source has this write key")
    response = _json(msgspec.json.encode(document), 200)
    response["Cache-Control"] = "public, max-age=60"
    return response


def _refusal(refused: CallRefused) -> HttpResponse:
    more = {"path": refused.path} if refused.path else {}
    response = _problem(refused.status, refused.code, refused.message, **more)
    if wait := getattr(refused, "retry_after", 0):
        response["Retry-After"] = str(wait)
        response["X-RateLimit-Reset"] = str(wait)
    if refused.status == HTTPStatus.UNAUTHORIZED:
        # Bearer, not Basic: a browser would ask its user for a password
        response["WWW-Authenticate"] = "Bearer"
    return response


def _problem(status: int, code: str, message: str, **more: Any) -> HttpResponse:
    body = {"success": False, "code": code, "message": message, **more}
    return _json(msgspec.json.encode(body), status)


def _json(body: bytes, status: int) -> HttpResponse:
    return HttpResponse(body, status=status, content_type="application/json")


def _open(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Readable from any origin: the key is public there, and nothing private is answered.

    The origin is named, since a beacon sends cookies and browsers then refuse a plain `*`.
    """
    origin = request.META.get("HTTP_ORIGIN", "")
    response._has_been_logged = True  # type: ignore[attr-defined]  # clients' errors are rows
    response["Access-Control-Allow-Origin"] = origin or "*"
    response["Access-Control-Expose-Headers"] = "Retry-After"
    response["X-Content-Type-Options"] = "nosniff"
    if origin:
        response["Access-Control-Allow-Credentials"] = "true"
        response["Vary"] = "Origin"
    if request.method == "OPTIONS":
        response["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        response["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
        response["Access-Control-Max-Age"] = "7200"
    return response
