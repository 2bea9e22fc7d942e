"""Log-ins: how many may fail, and what the audit trail says of each.

Counted before the password is looked at, so that tries at one moment are not all the first one:

* a name from one address: LOGIN_FAILURE_LIMIT, then nothing from there for the rest of 15 minutes;
* an address, whatever the name: LOGIN_ADDRESS_LIMIT, likewise;
* a name from anywhere: beyond NAME_FAILURES one try each PAUSE, save from where its owner has
  signed in before. Nobody can lock somebody out everywhere;
* a device that the name's owner has signed in with (`devices`): LOGIN_FAILURE_LIMIT, and nothing
  that others do counts.

Names and addresses are kept as keyed digests only: what is typed as a name may be a password.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.forms import UsernameField
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from config.workspace import audit
from config.workspace.access import devices
from config.workspace.access.client_address import address_of, home_of
from config.workspace.access.throttle import WINDOW, count, locked, seconds, take_back
from config.workspace.digests import contact_digest
from config.workspace.models import SignInAttempt, User
from config.workspace.work.pruning import PORTION, PRUNERS, deleted

NAME_FAILURES = 50
PAUSE = timedelta(seconds=5)
KNOWN_FOR = timedelta(days=180)  # that an address is remembered as one of its owner's
MAX_NAME = 200  # characters that are looked at; no user has as many
_FIELD = UsernameField(max_length=150)  # as the form of the log-in has it
AT_ADDRESS, ADDRESS, NAME, DEVICE = "at_address", "address", "name", "device"
OLD = """
    DELETE FROM sign_in_attempt WHERE id IN (
        SELECT id FROM sign_in_attempt
        WHERE last_at < %s AND (succeeded_at IS NULL OR succeeded_at < %s) LIMIT %s)
"""


@dataclass(frozen=True)
class Try:
    """One log-in that is asked for: who says to be whom, from where, with which known device."""

    name: str
    address: str
    device: str = ""

    @property
    def digests(self) -> dict[str, bytes]:
        """What it is counted under, by kind."""
        name = self.name.casefold()
        found = {AT_ADDRESS: contact_digest("sign_in", f"{name}\0{home_of(self.address)}")}
        if self.device:
            return found | {DEVICE: contact_digest("device", self.device)}
        return found | {ADDRESS: self.address_digest, NAME: contact_digest("sign_in_name", name)}

    @property
    def address_digest(self) -> bytes:
        """Of its home."""
        return contact_digest("address", home_of(self.address))


def try_of(request: HttpRequest) -> Try:
    """Of a posted log-in form, under the name that the form looks for.

    Blanks around it and other letters for the same ones (`ａda`) would else be names of their own,
    each with all its tries.
    """
    given = request.POST.get("username", "")
    name = str(_FIELD.to_python(given))[:MAX_NAME]
    return Try(name, address_of(request), devices.device_of(request, name))


def try_by(request: HttpRequest, user: User) -> Try:
    """Of somebody who is known by other means than a name that was typed."""
    name = user.get_username()
    return Try(name, address_of(request), devices.device_of(request, name))


def seconds_to_wait(one: Try) -> int:
    """0: it is counted, and the password may be looked at. Else the seconds until the next try.

    Three statements; the first refusal of a lock-out is written into the audit trail.
    """
    now, digests = timezone.now(), one.digests
    with transaction.atomic():
        found = locked(digests.values())
        wait, row = _wait(found, now, is_device=bool(one.device))
        if not wait:
            count(digests, now)
        elif row is not None and row.told_at is None:
            SignInAttempt.objects.filter(pk=row.pk).update(told_at=now)
            with audit.acting(audit.STRANGER):
                _record("sign_in.locked_out", one, detail={"by": row.kind})
    return wait


def failed(one: Try) -> None:
    """The password was wrong, or there is nobody of that name."""
    with audit.acting(audit.STRANGER):
        _record("sign_in.failed", one)


@transaction.atomic
def succeeded(one: Try, user: User, *, how: str = "password", counted: bool = True) -> None:
    """In: the failures from here are forgotten, and the address is known as one of this user's.

    `how` in codes, for the trail; `counted` where `seconds_to_wait` was asked before.
    """
    digests, now = one.digests, timezone.now()
    here = SignInAttempt.objects.filter(kind=AT_ADDRESS, digest=digests[AT_ADDRESS])
    before = here.values_list("succeeded_at", flat=True).first()
    here.update(failures=0, succeeded_at=now)
    if DEVICE in digests:
        SignInAttempt.objects.filter(kind=DEVICE, digest=digests[DEVICE]).update(failures=0)
    if counted:
        take_back([digests[kind] for kind in (ADDRESS, NAME) if kind in digests])
    with audit.acting(audit.actor_of_user(user)):
        detail = {"new_address": before is None, "how": how}
        _record("sign_in.succeeded", one, detail=detail, user=user)


@transaction.atomic
def not_looked_at(one: Try) -> None:
    """The server had no time for the password: it is as if nobody had asked."""
    take_back(list(one.digests.values()))


def signed_out(user: User) -> None:
    """Said in the trail."""
    with audit.acting(audit.actor_of_user(user)):
        audit.record("sign_out", "user", str(user.pk))


@transaction.atomic
def end_sessions(user: User) -> None:
    """Every session of this user, wherever it is, in the name of whoever acts."""
    User.objects.filter(pk=user.pk).update(sessions_ended=F("sessions_ended") + 1)
    audit.record("sessions.ended", "user", str(user.pk))


def _wait(
    found: dict[str, SignInAttempt], now: datetime, *, is_device: bool
) -> tuple[int, SignInAttempt | None]:
    limits = {AT_ADDRESS: settings.LOGIN_FAILURE_LIMIT, ADDRESS: settings.LOGIN_ADDRESS_LIMIT}
    if is_device:
        limits = {DEVICE: settings.LOGIN_FAILURE_LIMIT}
    for kind, limit in limits.items():
        row = found.get(kind)
        if row is not None and row.failures >= limit and row.since > now - WINDOW:
            return seconds(row.since + WINDOW - now), row
    name, here = found.get(NAME), found.get(AT_ADDRESS)
    is_known = here is not None and here.succeeded_at is not None
    if name is None or is_known or name.failures < NAME_FAILURES or name.since <= now - WINDOW:
        return 0, None
    return seconds(name.last_at + PAUSE - now), name


def _record(
    action: str, one: Try, *, detail: dict[str, Any] | None = None, user: User | None = None
) -> None:
    """`detail` gets the address as a digest: the same address is the same word, and no more."""
    known = user or User.objects.filter(username=one.name).first()
    said = {"address": one.address_digest.hex()[:12], **(detail or {})}
    audit.record(action, "user", str(known.pk) if known else "", detail=said)


@PRUNERS.register("sign_in_attempts")
def prune(now: datetime) -> int:
    """Counts whose time is over, and addresses that nobody signed in from for long."""
    return deleted(OLD, [now - 2 * WINDOW, now - KNOWN_FOR, PORTION])
