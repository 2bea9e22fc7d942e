"""Carries out what was started: one request after the other, each by its type."""

import logging
import time
from collections.abc import Callable
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from config.workspace.work.alone import alone
from config.workspace.work.due import Left
from config.workspace.work.faults import is_outage
from consent.channels import channel_names
from consent.ledger.recording import Statement, record_consents
from consent.models import PrivacyRequest, Purpose
from consent.models.privacy import RequestType
from consent.models.purpose import PERSONALISATION
from consent.privacy.duties import held
from consent.privacy.erasure import exceptions
from consent.privacy.erasure.erasing import erase, erase_rest, is_behind
from consent.privacy.erasure.searching import search_request
from consent.privacy.requests import BY_HAND, REVIEW, WORK, complete, start
from consent.privacy.restriction import restrict
from consent.suppression.withdrawing import (
    EVERY_CHANNEL,
    marketing_purposes,
    opt_out_of_sharing,
)
from profiles.people.lineage import today_id

log = logging.getLogger("rapport.privacy")
SECONDS: Final = 5.0  # of one run of the work; the next goes on
WANTED: Final = "search_wanted"  # of `result`: somebody asked for the search again
SO_FAR: Final = "search_so_far"  # and what of it is done
DOABLE: Final = [one for one in RequestType.values if one not in BY_HAND]
# what people of the team do by hand is not the worker's, and nothing stands still with it
OLDEST_STARTED: Final = (
    "SELECT min(started_at) FROM privacy_request WHERE status = 'in_progress'"  # noqa: S608 - types of ours
    f" AND type <> ALL ('{{{','.join(BY_HAND)}}}') AND NOT jsonb_exists(result, '{REVIEW}')"
)
MACHINES: Final = ("api", "opendsr")  # a system of ours vouches for who asks


_STARTED: Final = Q(status=PrivacyRequest.Status.IN_PROGRESS, type__in=DOABLE) & ~Q(
    result__has_key=REVIEW
)
# key of `result` -> function(request, until): what somebody wants done once more; whether it is
AGAIN: dict[str, Callable[[PrivacyRequest, float], bool]] = {}


def _due() -> Q:
    return _STARTED | Q(result__has_any_keys=[*AGAIN])


def carry_out_due(seconds: float = SECONDS) -> int:
    """Carry on with requests in progress, the earliest due first; how many were completed.

    One that takes longer than `seconds` counts too: more is due. One process at a time: a second
    one finds the first at it, and nothing due.
    """
    if not PrivacyRequest.objects.filter(_due()).exists() and not exceptions.due():
        return 0
    with alone(WORK) as is_ours:
        return _carry_out(time.monotonic() + seconds) if is_ours else 0


def start_due() -> int:
    """Start what waits for nobody: proven, or asked by a system that holds a key of ours."""
    waiting = PrivacyRequest.objects.filter(status=PrivacyRequest.Status.PENDING, type__in=DOABLE)
    waiting = waiting.exclude(held())
    rows = waiting.filter(Q(proven_at__isnull=False) | Q(origin__in=MACHINES))
    for request in rows:
        if not request.proven_at:
            request.proven_at, request.proven_by = timezone.now(), request.origin
            request.save(update_fields=["proven_at", "proven_by"])
        start(request)
    return len(rows)


def _carry_out(until: float) -> int:
    done, failed = 0, None
    rows = PrivacyRequest.objects.filter(_STARTED).order_by("due_at", "id")
    for pk in rows.values_list("pk", flat=True):
        # read when its turn comes: an erasure before it empties and closes what the person asked
        request = rows.filter(pk=pk).first()
        try:
            done += DOING[request.type](request, until) if request else 0
        except Exception as error:
            if is_outage(error):
                raise
            # of one request: the others go on, and the unit of work says that it failed
            log.warning("privacy request %s failed: %s", pk, type(error).__name__)
            failed = error
        if time.monotonic() > until:
            return done + 1
    done += _again(until) + _erase_rests(until)
    if failed and not done:
        raise failed
    return done


def left() -> Left:
    """What is under way, and of it what waits for transactions of others to end."""
    begun = PrivacyRequest.objects.filter(_due(), completed_at=None, erasing_since__isnull=False)
    waiting = sum(not is_behind(row) for row in begun)
    return Left(PrivacyRequest.objects.filter(_due()).count() + len(exceptions.due()), waiting)


def _erase_rests(until: float) -> int:
    """What complete erasures left for a time that is over."""
    done = 0
    for pk in exceptions.due():
        request = PrivacyRequest.objects.get(pk=pk)
        done += erase_rest(request, stop=lambda: time.monotonic() > until)
        if time.monotonic() > until:
            return done + 1
    return done


def _again(until: float) -> int:
    """One thing that somebody wants once more; the next run goes on with it."""
    for key, do in AGAIN.items():
        request = PrivacyRequest.objects.filter(result__has_key=key).first()
        if request is not None:
            if do(request, until):
                request.result.pop(key, None)
            request.save(update_fields=["result"])
            return 1
    return 0


def _search(request: PrivacyRequest, until: float) -> bool:
    so_far = request.result.pop(SO_FAR, None)
    found = search_request(request, so_far, lambda: time.monotonic() > until)
    is_through = "files" in found
    request.result["searched" if is_through else SO_FAR] = found
    return is_through


AGAIN[WANTED] = _search


def _erase(request: PrivacyRequest, until: float) -> bool:
    return erase(request, stop=lambda: time.monotonic() > until)


def _object(request: PrivacyRequest, until: float) -> bool:
    """Every marketing purpose is withdrawn, of the person as a whole, and profiling with it: GDPR,
    article 21(2), "which includes profiling".
    """
    _withdraw(request, marketing_purposes(), channel_names())
    return True


def _opt_out_of_sale(request: PrivacyRequest, until: float) -> bool:
    if request.profile_id:
        opt_out_of_sharing([today_id(request.profile_id)], evidence=_evidence(request))
    complete(request)
    return True


def _opt_out_of_automated(request: PrivacyRequest, until: float) -> bool:
    """What adapts to them by itself is not permitted any more."""
    _withdraw(request, [], [])
    return True


@transaction.atomic
def _withdraw(request: PrivacyRequest, purposes: list[int], channels: list[str]) -> None:
    """Each of these on each channel, and in any case what adapts to them by itself."""
    if request.profile_id:
        person = today_id(request.profile_id)
        own = Purpose.objects.filter(slug=PERSONALISATION).values_list("pk", flat=True)
        scopes = [(purpose, channel) for purpose in purposes for channel in channels]
        scopes += [(purpose, EVERY_CHANNEL) for purpose in own]
        record_consents(
            [
                Statement(person, purpose, channel, "withdrawn", "consent", actor="person",
                          evidence=_evidence(request))
                for purpose, channel in scopes
            ]
        )  # fmt: skip
    complete(request)


def _evidence(request: PrivacyRequest) -> dict[str, Any]:
    return {"request": str(request.public_id), "type": request.type, "via": request.origin}


def _restrict(request: PrivacyRequest, until: float) -> bool:
    restrict(request)
    return True


# a correction, and what a law limits by data of its own, is done by hand and then completed;
# archives sign in (`consent.archives.making`)
DOING: dict[str, Callable[[PrivacyRequest, float], bool]] = {
    RequestType.ERASURE: _erase,
    RequestType.RESTRICTION: _restrict,
    RequestType.OBJECTION: _object,
    RequestType.OPT_OUT_OF_SALE: _opt_out_of_sale,
    RequestType.OPT_OUT_OF_AUTOMATED: _opt_out_of_automated,
}
