"""Which source does a write key belong to?"""

import base64
import binascii
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from config.workspace.digests import key_digest
from profiles.models import Source

KEPT_SECONDS = 3.0  # a disabled source is refused within so many
MAX_KEY = 200
MAX_CANDIDATES = 3  # each may cost a query, before anybody has shown a key
_known: dict[str, tuple[Source, float]] = {}


def source_of(key: str) -> Source | None:
    """The enabled source with this write key. One query every few seconds."""
    if not key or len(key) > MAX_KEY or not key.isascii():
        return None
    now = time.monotonic()
    kept = _known.get(key)
    if kept and now < kept[1]:
        return kept[0]
    source = Source.objects.filter(write_key_digest=key_digest(key), enabled=True).first()
    if source is None:
        _known.pop(key, None)
    else:
        _known[key] = (source, now + KEPT_SECONDS)
    return source


def is_kept(key: str) -> bool:
    """Is the key known without asking the database?"""
    kept = _known.get(key)
    return kept is not None and time.monotonic() < kept[1]


def keys_in(environ: Mapping[str, Any]) -> list[str]:
    """Candidates in a request's headers and query (`request.META`), likeliest first."""
    found = [_from_authorization(environ.get("HTTP_AUTHORIZATION", ""))]
    found.append(environ.get("HTTP_X_WRITE_KEY", ""))
    query = environ.get("QUERY_STRING", "")
    if "writeKey" in query:
        found += _from_query(query)
    return [key for key in found if key][:MAX_CANDIDATES]


def _from_query(query: str) -> list[str]:
    try:
        return parse_qs(query, max_num_fields=50).get("writeKey", [])
    except ValueError:  # more parameters than any client has
        return []


def _from_authorization(header: str) -> str:
    scheme, _, value = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value.strip(), validate=False).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""
