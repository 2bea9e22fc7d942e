"""RFC 9457 problem details: one shape for every error under /api/."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response

CONTENT_TYPE = "application/problem+json"
TAKEN = "unique"  # the code of a name that something else has
HEADERS = ("Idempotency-Key",)  # what is wrong with them is in no body
PARTS = re.compile(r"[^.\[\]]+")
TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Cannot be done",
    429: "Too many requests",
    500: "Server error",
    503: "Not available now",
}


class FieldError(TypedDict):
    """What is wrong where: `path` as conditions[2].value; of a rule it begins at the rule.

    `pointer` is its place in the body (RFC 6901, as RFC 9457 has it); where none is given and the
    path is one of the body, it is the path.
    """

    path: str
    code: str
    message: str
    pointer: NotRequired[str]


class Problem(exceptions.APIException):
    """An error that names what is wrong. `errors` hold the fields, `extra` further members."""

    def __init__(
        self,
        status_code: int,
        title: str = "",
        detail: str = "",
        errors: Sequence[FieldError] = (),
        type_: str = "about:blank",
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail or title)
        self.status_code = status_code
        self.title, self.text, self.errors, self.type = title, detail, list(errors), type_
        self.extra = dict(extra or {})


def invalid(path: str, message: str, code: str = "invalid") -> Problem:
    """400 for one field."""
    return Problem(400, detail=message, errors=[FieldError(path=path, code=code, message=message)])


def taken(path: str, message: str) -> Problem:
    """409: what goes by this name is there already."""
    return refused([FieldError(path=path, code=TAKEN, message=message)])


def refused(errors: Sequence[FieldError]) -> Problem:
    """400 for what is wrong in a body; 409 where that is but the name of something else."""
    is_taken = all(one["code"] == TAKEN and one["path"].isidentifier() for one in errors)
    return Problem(409 if is_taken else 400, detail=errors[0]["message"], errors=errors)


def field_errors(detail: Any, path: str = "") -> Iterable[FieldError]:
    """What a serializer says of its fields, each with its path from `path` on."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            own = "" if key in ("non_field_errors", "detail") else str(key)
            yield from field_errors(value, f"{path}.{own}".strip(".") if own else path)
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            yield from field_errors(value, f"{path}[{index}]" if nested else path)
    else:
        code = getattr(detail, "code", "invalid") or "invalid"
        yield FieldError(path=path, code=str(code), message=str(detail))


def body_of(
    status_code: int,
    *,
    title: str = "",
    detail: str = "",
    errors: Sequence[FieldError] = (),
    type_: str = "about:blank",
) -> dict[str, Any]:
    """The members of a problem document."""
    body: dict[str, Any] = {
        "type": type_,
        "title": title or TITLES.get(status_code, "Error"),
        "status": status_code,
        "detail": detail,
    }
    return body | ({"errors": list(errors)} if errors else {})


def handle(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: everything that is an answer becomes a problem document."""
    if isinstance(exc, Http404):
        exc = exceptions.NotFound(str(exc) or "Nothing is here.")
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    if not isinstance(exc, exceptions.APIException):
        return None
    headers = {}
    if getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = getattr(exc, "auth_header", "")
    if getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(exc.wait) + 1)  # type: ignore[attr-defined]
    body = _document(exc)
    if "errors" in body and (request := context.get("request")) is not None:
        body["errors"] = [_placed(error, request) for error in body["errors"]]
    return Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


def pointer_to(path: str) -> str:
    """`conditions[2].value` as #/conditions/2/value."""
    names = [name.replace("~", "~0").replace("/", "~1") for name in PARTS.findall(path)]
    return "#" + "".join(f"/{name}" for name in names)


def _placed(error: FieldError, request: Any) -> FieldError:
    path = error["path"]
    elsewhere = path in HEADERS or path in request.query_params or request.method in ("GET", "HEAD")
    if elsewhere:
        error.pop("pointer", None)
        return error
    return {"pointer": pointer_to(path), **error}


def _document(exc: exceptions.APIException) -> dict[str, Any]:
    if isinstance(exc, Problem):
        body = body_of(
            exc.status_code, title=exc.title, detail=exc.text, errors=exc.errors, type_=exc.type
        )
        return exc.extra | body
    if isinstance(exc, exceptions.ValidationError):
        errors = list(field_errors(exc.detail))
        if not errors:
            return body_of(status.HTTP_400_BAD_REQUEST)
        return _document(refused(errors))
    return body_of(exc.status_code, detail=str(exc.detail))
