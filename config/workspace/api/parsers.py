"""JSON as PostgreSQL can hold it: no NaN, no NUL, no lone surrogate; and within bounds."""

import json
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from config.postgres.wire import is_storable
from config.workspace.api.problems import FieldError, Problem

MAX_DEPTH = 64
# Of a body, its texts' commas counted too: the longest list that is taken has 50,000. Each costs a
# microsecond of the interpreter and a hundred bytes, so that a million of them is for nobody.
MAX_PIECES = 200_000
LONGEST_LENGTH = 18  # digits of a length that anything has


def _no_constant(name: str) -> NoReturn:
    raise ParseError(f"{name} is not JSON.")


def find_unstorable(value: Any, path: str = "$", depth: int = 0) -> str | None:
    """The path of the first thing that jsonb cannot hold, or None."""
    if depth > MAX_DEPTH:
        return f"{path}: nested deeper than {MAX_DEPTH}"
    if isinstance(value, str):
        return None if is_storable(value) else f"{path}: NUL or a lone surrogate"
    if isinstance(value, dict):
        pairs: Any = ((f"{path}.{key}", key, item) for key, item in value.items())
        for inner, key, item in pairs:
            found = None if is_storable(key) else f"{path}: NUL or a lone surrogate in a name"
            found = found or find_unstorable(item, inner, depth + 1)
            if found:
                return found
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found = find_unstorable(item, f"{path}[{index}]", depth + 1)
            if found:
                return found
    elif isinstance(value, float) and value in (float("inf"), float("-inf")):
        return f"{path}: a number out of range"
    return None


def _read(stream: IO[Any], parser_context: Any) -> bytes:
    """The body. Raises TooLarge before more is read than may be kept in memory."""
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    request = (parser_context or {}).get("request")
    told = request.META.get("CONTENT_LENGTH") if request is not None else None
    if told and told.isdecimal() and (len(told) > LONGEST_LENGTH or int(told) > most):
        raise _too_large(most)
    body: bytes = stream.read(most + 1)
    if len(body) > most:
        raise _too_large(most)
    return body


class TooLarge(APIException):
    """A body that is not read."""

    status_code = 413


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"A body has at most {most // 2**20} MB.")


class StrictJSONParser(BaseParser):
    """application/json, refused with what is wrong. Raises ParseError (400), TooLarge (413)."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None
    ) -> Any:
        """The parsed body."""
        try:
            body = _read(stream, parser_context)
            if sum(map(body.count, (b",", b"[", b"{"))) > MAX_PIECES:
                raise TooLarge(f"A body has at most {MAX_PIECES:,} names and values.")
            data = json.loads(body.decode(), parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            place = {"line": error.lineno, "column": error.colno}
            raise Problem(400, detail=f"This is not JSON: {error}", extra=place) from error
        except (ValueError, RecursionError) as error:
            raise ParseError(f"This is not JSON: {error}") from error
        found = find_unstorable(data)
        if found:
            path, _colon, words = found.rpartition(": ")
            where = FieldError(path=path[1:].lstrip("."), code="not_storable", message=words)
            raise Problem(400, detail=f"This cannot be kept: {found}.", errors=[where])
        return data
