"""What views of segments share: a moment that is asked for, fields of a body, and a question that
takes too long.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import OperationalError
from rest_framework.request import Request

from config.workspace.api.problems import Problem, invalid
from config.workspace.health import counters
from config.workspace.work.faults import took_too_long
from config.workspace.zones import read_moment


def asked_moment(request: Request, name: str) -> datetime | None:
    """The moment that the query asks for; None without one. Raises Problem."""
    given = request.query_params.get(name)
    # a plus that nobody escaped is a blank there
    return moment_of(given.replace(" ", "+"), name) if given else None


def moment_of(given: object, name: str) -> datetime:
    """A moment under `name`. Raises Problem."""
    moment = read_moment(given)
    if moment is None:
        raise invalid(name, "This must be a time such as 2026-11-20T09:00Z.", "type")
    return moment


def too_long(error: OperationalError, detail: str) -> Problem:
    """422, counted, where the database ended the question for its length; else raises the error."""
    if not took_too_long(error):
        raise error
    counters.count(counters.ENDED, area="api")
    return Problem(422, detail=detail)


def given_revision(body: Mapping[str, Any]) -> int | None:
    """What the change builds on. Raises Problem."""
    given = body.get("revision")
    if given is None or (isinstance(given, int) and not isinstance(given, bool) and given > 0):
        return given
    raise invalid("revision", "This must be a number from 1.", "type")


def given_text(body: Mapping[str, Any], name: str) -> str:
    """A text of the body, "" without one. Raises Problem."""
    value = body.get(name, "")
    if not isinstance(value, str):
        raise invalid(name, "This must be a text.", "type")
    return value
