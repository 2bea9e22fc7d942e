"""One id for each request: in its answer, in every line that it logs."""

import re
import secrets
from contextvars import ContextVar

HEADER = "X-Request-ID"
SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+/=-]{3,127}")
current: ContextVar[str] = ContextVar("request_id", default="")


def taken(given: str) -> str:
    """The id that a proxy or client gave, if it is one; else a new one."""
    return given if SANE.fullmatch(given) else secrets.token_hex(8)
