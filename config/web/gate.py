"""Who may send how much: asked before the body is read, by what stands in the headers."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import DatabaseError, close_old_connections
from django.http import parse_cookie

from config.web.areas import INGEST, Area
from config.web.bodies import Unread
from config.workspace.api.authentication import key_of
from profiles.calls import limits
from profiles.ingest import keys

BODYLESS = ("GET", "HEAD", "OPTIONS", "TRACE")  # a body of these means nothing: never read


@dataclass(frozen=True)
class Leave:
    """What may be read. `must_ask`: whoever it is has to be looked up first, in a thread."""

    most: int
    is_known: bool = False
    must_ask: bool = False


def length_of(environ: dict[str, Any]) -> int | None:
    """Announced bytes; None: in chunks. Raises Unread for what two servers read in two ways."""
    coding, length = environ.get("HTTP_TRANSFER_ENCODING"), environ["CONTENT_LENGTH"]
    if coding is None:
        return int(length) if length.isdigit() else 0
    if length or coding.strip().lower() != "chunked":
        raise Unread(400, "ambiguous")
    return None


def leave_of(area: Area, environ: dict[str, Any], announced: int | None) -> Leave:
    """By what a header claims. Raises Unread where nothing that it claims would help."""
    if area is INGEST:
        return _leave_of_ingest(area, environ)
    most = area.stranger_bytes
    if announced is not None and announced < most:
        return Leave(most)
    if _claims(environ):
        return Leave(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1, must_ask=True)
    return Leave(most)


def _leave_of_ingest(area: Area, environ: dict[str, Any]) -> Leave:
    found = keys.keys_in(environ)
    if not found:  # the key is in the body, if anywhere
        return Leave(area.stranger_bytes)
    is_known = any(keys.is_kept(key) for key in found)
    return Leave(limits.MAX_READ_BYTES, is_known=is_known, must_ask=not is_known)


def _claims(environ: dict[str, Any]) -> bool:
    return bool(environ.get("HTTP_AUTHORIZATION")) or _session_key(environ) is not None


def is_known(area: Area, environ: dict[str, Any]) -> bool:
    """Is what the header claims true? A query or two: call it in a thread.

    False too where the database does not answer: the view then says so in its own way.
    """
    close_old_connections()
    try:
        if area is INGEST:
            return any(keys.source_of(key) is not None for key in keys.keys_in(environ))
        header = environ.get("HTTP_AUTHORIZATION", "")
        return key_of(header) is not None or _has_session(_session_key(environ))
    except DatabaseError:
        return False
    finally:
        close_old_connections()


def _session_key(environ: dict[str, Any]) -> str | None:
    cookies = parse_cookie(environ.get("HTTP_COOKIE", ""))
    return cookies.get(settings.SESSION_COOKIE_NAME)


def _has_session(key: str | None) -> bool:
    """A session of somebody who is logged in."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    return bool(key) and SESSION_KEY in store(key).load()
