"""Devices that somebody signed in from: a signed cookie, by which the door stays open for them.

Whoever has many addresses can keep every place of the log-in taken. A device that its owner has
signed in from before waits in a line of its own (a thread, a place at the hashing, a count of
failures), which nobody enters without such a cookie. It opens nothing: the password is asked for
all the same, and it counts for the name alone that it was given for.

Source: OWASP, "Slow down online guessing attacks with device cookies".
"""

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, parse_cookie

from config.workspace.digests import contact_digest

VALID_SECONDS = 180 * 24 * 3600
LONGEST = 200  # characters; ours have some 110
_signer = signing.TimestampSigner(salt="rapport.device")


def remember(response: HttpResponse, name: str) -> None:
    """Give the device a new cookie for this name. To be called after a log-in that went well."""
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        _signer.sign(f"{_word(name)}.{secrets.token_hex(8)}"),
        max_age=VALID_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def is_known(environ: dict[str, Any]) -> bool:
    """Does this request carry such a cookie, whosever it is? Some microseconds, no query."""
    cookies = parse_cookie(environ.get("HTTP_COOKIE", ""))
    return bool(_read(cookies.get(settings.DEVICE_COOKIE_NAME, "")))


def device_of(request: HttpRequest, name: str) -> str:
    """The device that the owner of this name signed in from; "" where it is none of theirs."""
    found = _read(request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""))
    return found if found.startswith(f"{_word(name)}.") else ""


def _word(name: str) -> str:
    """A cookie tells nobody else at the same browser which name it is for."""
    return contact_digest("sign_in_name", name.casefold()).hex()


def _read(value: str) -> str:
    if not value or len(value) > LONGEST:
        return ""
    try:
        return str(_signer.unsign(value, max_age=VALID_SECONDS))
    except signing.BadSignature:
        return ""
