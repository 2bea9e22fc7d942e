"""What an operation says that it takes (OpenAPI), and nothing else: parameters, and no body at all.

A parameter that nobody reads narrows nothing: `?email=` would answer with everybody. What stands in
a body that nobody reads was meant by somebody.
"""

from collections.abc import Mapping
from typing import Any

from django.http.multipartparser import MultiPartParserError
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.views import APIView

from config.workspace.api.problems import FieldError, Problem

MOST_NAMED = 20
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
NO_BODY = "Nothing is taken here."
_known: dict[Any, tuple[str, ...]] = {}
_bodiless: dict[Any, bool] = {}


def handler_of(view: APIView, method: str | None) -> Any:
    """The function that answers this method; None where there is none."""
    method = "get" if method == "HEAD" else (method or "").lower()
    return getattr(view, method, None) if method in view.http_method_names else None


def known_parameters(view: APIView, handler: Any) -> tuple[str, ...]:
    """The names that this method of a view documents by `extend_schema`, in their order."""
    function = getattr(handler, "__func__", handler)
    if function not in _known:
        _known[function] = tuple(
            one.name
            for one in _documented(view, handler)
            if isinstance(one, OpenApiParameter) and one.location == OpenApiParameter.QUERY
        )
    return _known[function]


def _documented(view: APIView, handler: Any) -> list[Any]:
    schema = _schema_of(view, handler)
    return list(schema.get_override_parameters()) if schema else []


def _schema_of(view: APIView, handler: Any) -> Any:
    kind = getattr(handler, "kwargs", {}).get("schema")
    if kind is None:
        return None
    schema = kind()
    schema.view = view
    return schema


def request_shape(view: APIView, handler: Any) -> Any:
    """The serializer of the body that this method documents; None where it takes none."""
    schema = _schema_of(view, handler)
    return schema.get_request_serializer() if schema else None


def refuse_body(request: Request, view: APIView) -> None:
    """400 naming what was sent to an operation that takes nothing. Raises Problem."""
    handler = handler_of(view, request.method)
    if handler is None or view.schema is None or request.method not in ("POST", "PUT", "PATCH"):
        return  # what stands in no schema says nothing of what it takes
    function = getattr(handler, "__func__", handler)
    if function not in _bodiless:
        _bodiless[function] = request_shape(view, handler) is None
    sent = _sent(request) if _bodiless[function] else None
    if not sent:
        return
    names = list(sent)[:MOST_NAMED] if isinstance(sent, Mapping) else [""]
    errors = [FieldError(path=str(name), code="unknown_field", message=NO_BODY) for name in names]
    raise Problem(400, detail=f"{names[0]}: {NO_BODY}" if names[0] else NO_BODY, errors=errors)


def _sent(request: Request) -> Any:
    """What the body holds. A form without a field is nothing: clients send one where there is none.

    Raises UnsupportedMediaType for what is no JSON and holds something.
    """
    try:
        return request.data
    except UnsupportedMediaType:
        plain = request._request
        is_form = plain.content_type in FORMS
        try:
            held = bool((plain.POST or plain.FILES) if is_form else plain.body)
        except MultiPartParserError:
            held = True
        if held:
            raise
        return None


def refuse_unknown(request: Request, view: APIView) -> None:
    """400 naming each parameter that this operation does not have. Raises Problem."""
    handler = handler_of(view, request.method)
    is_asked = handler is not None and view.schema is not None and request.method != "OPTIONS"
    if not is_asked or not request.query_params:
        return
    known = known_parameters(view, handler)
    unknown = [name for name in request.query_params if name not in known]
    if not unknown:
        return
    there = f"Known here: {', '.join(known)}." if known else "None is known here."
    message = f"There is no such parameter. {there}"
    errors = [
        FieldError(path=name, code="unknown_parameter", message=message)
        for name in unknown[:MOST_NAMED]
    ]
    raise Problem(400, detail=f"{unknown[0]}: {message}", errors=errors)
