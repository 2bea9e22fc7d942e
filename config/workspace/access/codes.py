"""Codes of an app: how many may be wrong, and that none is taken twice.

They are counted by user, so that many addresses gain nothing: who is asked for one has given the
right password already. A device that its owner signed in with before has a count of its own.
Source: RFC 6238, section 5.2 (a code is accepted once).
"""

from typing import Final

from django.db import connection
from django.http import HttpRequest

from config.workspace.access import devices, throttle
from config.workspace.digests import contact_digest
from config.workspace.models import User

WRONG_CODES: Final = 10  # of a user in 15 minutes
_TAKEN: Final = """
    UPDATE mfa_authenticator SET data = jsonb_set(data, '{counter}', to_jsonb(%(counter)s::bigint))
    WHERE id = %(id)s AND coalesce((data->>'counter')::bigint, 0) < %(counter)s
"""


def seconds_to_wait(request: HttpRequest, user: User) -> int:
    """0: it is counted, and the code may be looked at. Else the seconds until the next try."""
    kind, digest = _counted(request, user)
    return throttle.seconds_to_wait({kind: (digest, WRONG_CODES)})


def right(request: HttpRequest, user: User) -> None:
    """The code was right: it did not count."""
    _kind, digest = _counted(request, user)
    throttle.take_back([digest])


def take(authenticator_id: int, counter: int) -> bool:
    """Whether no code of this step of time, nor of a later one, was taken before."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, {"id": authenticator_id, "counter": counter})
        return bool(cursor.rowcount)


def _counted(request: HttpRequest, user: User) -> tuple[str, bytes]:
    if device := devices.device_of(request, user.get_username()):
        return "code_device", contact_digest("code_device", device)
    return "code", contact_digest("code", str(user.pk))
