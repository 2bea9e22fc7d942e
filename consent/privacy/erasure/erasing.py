"""Erasure: everything of a person, everywhere, in steps that can be broken off at any moment.

1. `take_out`, one transaction: the digests by which nothing comes back, and everything that acts
   for the person (identifiers, permissions, places in segments and journeys). From its end nobody
   finds, counts or writes to them, and what they do later is a new person's.
2. The rest by batches, each in a transaction of its own, as the declarations say.
3. When every transaction that began before the end of step 1 has ended, the rest once more: one
   of them may have written meanwhile.
4. The search through every column and file (`searching`), then the certificate; what was kept to
   search by is emptied.

Each step can be done again: what is done already is not found.
"""

import logging
from collections.abc import Callable
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from config.postgres.eraser import as_eraser, as_login
from config.workspace import audit
from consent.forwarding import receipts
from consent.ledger.erased import keep_out
from consent.models import PrivacyRequest
from consent.privacy import holdings
from consent.privacy.duties import in_force
from consent.privacy.erasure import certificate, exceptions, searching
from consent.privacy.requests import close_undone, follow
from consent.privacy.subject import (
    DataSubject,
    KnownBy,
    sealed,
    subject_of,
    subject_of_request,
)
from profiles.changes import ANYTHING, announce
from profiles.identifiers.kinds import PROFILE_KIND
from profiles.identity import keys
from profiles.models import Profile
from profiles.people.lineage import today_id

log = logging.getLogger("rapport.privacy")
OWN_KIND: Final = "user_id"  # by which systems of the workspace's own know somebody
_EMPTY_PROFILE: Final = """
UPDATE profile p SET state = 'erased', merged_into_id = NULL, public_id = gen_random_uuid(),
    display_name = '', time_zone = '', locale = '', country = '', lifecycle = '', traits = '{}'
FROM (SELECT unnest(%s::bigint[]) AS id ORDER BY 1) AS g WHERE p.id = g.id
"""
_BEFORE: Final = """
SELECT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = current_database()
    AND a.pid <> pg_backend_pid() AND a.xact_start < %s::timestamptz)
"""


def erase(request: PrivacyRequest, *, stop: Callable[[], bool] = lambda: False) -> bool:
    """Carry on with this erasure; whether it is complete. `stop` is asked between batches.

    One that was broken off goes on where it was. A request whose person is not known is complete
    with its digests alone.
    """
    if request.erasing_since is None:
        take_out(request)
    _fence(request)
    subject = subject_of_request(request)
    if "searching" not in request.result:
        if not _work_off(request, subject, stop) or not is_behind(request):
            return False
        if not _work_off(request, subject, stop):
            return False
        _forget_names(request, subject)
    searched = _searched(request, subject, stop)
    if searched is None:
        return False
    _complete(request, subject, searched)
    return True


def erase_rest(request: PrivacyRequest, *, stop: Callable[[], bool] = lambda: False) -> bool:
    """Of a complete erasure: what need not stay any more (`exceptions`); whether that is done."""
    subject = subject_of_request(request)
    if "searching" not in request.result and not _work_off(request, subject, stop):
        return False
    searched = _searched(request, subject, stop)
    if searched is None:
        return False
    request.result.setdefault("certificates", []).append(request.result["certificate"])
    _complete(request, subject, searched)
    return True


def _searched(
    request: PrivacyRequest, subject: DataSubject, stop: Callable[[], bool]
) -> dict[str, Any] | None:
    """What the search found, what stays on a ground left out; None while it is not through."""
    searched = searching.search(
        subject.known_by,
        request.result.get("searching"),
        stop,
        exceptions.left_out(subject, in_force(request)),
    )
    if "files" in searched:
        return searched
    request.result["searching"] = searched
    request.save(update_fields=["result"])
    return None


@transaction.atomic
def take_out(request: PrivacyRequest) -> None:
    """Step 1. Waits for whoever holds the person's rows."""
    subject = _whole(request)
    now = timezone.now()
    follow(request, "leaving")
    keep_out(
        ((one.kind, one.digest) for one in subject.known_by),
        now,
        request_id=request.pk,
        is_blocked=request.is_blocking,
    )
    _pass_on(request, subject)
    with connection.cursor() as cursor:
        emptied(cursor, subject)
        done: dict[str, int] = {}
        with as_eraser(cursor):
            for holding in exceptions.applied(subject, in_force(request)):
                while holding.at_once and (n := holdings.carry_out(holding)):
                    done[holding.table] = done.get(holding.table, 0) + n
    announce(subject.ever, [ANYTHING])
    request.status = PrivacyRequest.Status.IN_PROGRESS
    request.former_ids, request.needles = list(subject.ever), sealed(subject.known_by)
    request.erasing_since = now
    request.result = {
        "erased": done | {"profile": len(subject.ever)},
        "identifier_ids": list(subject.identifier_ids),
        "erased_at": now.isoformat(),
    }
    request.save()


@transaction.atomic
def take_away(person: Profile) -> None:
    """Somebody who never became more than an address that nobody confirmed: every row of theirs
    that a declaration finds. No request, and no digest: they may come back at any time.
    """
    subject = subject_of(_held(person))
    _pass_on(None, subject)
    with connection.cursor() as cursor:
        emptied(cursor, subject)
        with as_eraser(cursor):
            for holding in holdings.declared(subject):
                while holdings.carry_out(holding):
                    pass
    announce(subject.ever, [ANYTHING])


def _pass_on(request: PrivacyRequest | None, subject: DataSubject) -> None:
    """Before the person loses the id that others know them by."""
    for person in Profile.objects.filter(pk=subject.profile_id):
        known = subject.known_by
        receipts.pass_on(
            request,
            person=str(person.public_id),
            ids={one.value for one in known if one.kind == PROFILE_KIND},
            user_ids={one.value for one in known if one.kind == OWN_KIND},
        )


def emptied(cursor: Any, subject: DataSubject) -> None:
    """The rows of these people as profiles, and what follows from their being gone."""
    cursor.execute(_EMPTY_PROFILE, [list(subject.ever)])
    for _name, leave in holdings.LEAVING:
        leave(cursor, subject)


def _whole(request: PrivacyRequest) -> DataSubject:
    """The person as known now, and what the request itself named."""
    named = tuple(
        KnownBy(one["kind"], one["value"]) for one in request.identities if "value" in one
    )
    person = Profile.objects.filter(pk=request.profile_id).first() if request.profile_id else None
    if person is None:
        return DataSubject(0, (), named)
    person = _held(person)
    subject = subject_of(person)
    held = {(one.kind, one.value) for one in subject.known_by}
    more = tuple(one for one in named if (one.kind, one.value) not in held)
    known = subject.known_by + more
    return DataSubject(subject.profile_id, subject.ever, known, subject.identifier_ids)


def _held(person: Profile) -> Profile:
    """Who they are today, with their identifiers locked: nobody is merged with them meanwhile."""
    with connection.cursor() as cursor:
        while True:
            number = today_id(person.pk)
            keys.hold(cursor, [number])
            if today_id(person.pk) == number:
                return Profile.objects.get(pk=number)


def _work_off(request: PrivacyRequest, subject: DataSubject, stop: Callable[[], bool]) -> bool:
    """All batches; whether none is left."""
    for holding in exceptions.applied(subject, in_force(request)):
        while _batch(request, holding):
            if stop():
                return False
    for name, forget in holdings.FILES:
        if n := forget(subject):
            _note(request, f"file:{name}", n)
    return True


def _note(request: PrivacyRequest, what: str, n: int) -> None:
    done = request.result.setdefault("erased", {})
    done[what] = done.get(what, 0) + n
    PrivacyRequest.objects.filter(pk=request.pk).update(result=request.result)


@transaction.atomic
def _batch(request: PrivacyRequest, holding: holdings.Holding) -> int:
    """One batch, and its number on the request, in one transaction."""
    with connection.cursor() as cursor, as_eraser(cursor):
        n = holdings.carry_out(holding)
    if n:
        _note(request, holding.table, n)
    return n


def is_behind(request: PrivacyRequest) -> bool:
    """Has every transaction of this database ended that began before the person was taken out?

    Also one that has only read so far: it may know the person, and write yet. And nothing of theirs
    is in the hands of a worker any more. Within a transaction of the caller's (a test's) there is
    nobody to wait for.
    """
    if "fence" not in request.result:  # killed right after the person was taken out
        return False
    subject = subject_of_request(request)
    if any(is_under_way(subject) for _name, is_under_way in holdings.UNDER_WAY):
        return False
    if connection.in_atomic_block:
        return True
    return not began_before(request.result["fence"])


@transaction.atomic
def began_before(moment: str) -> bool:
    """Whether a transaction of another connection is under way that began before this moment."""
    # when others began is told to their own log-in
    with connection.cursor() as cursor, as_login(cursor):
        cursor.execute(_BEFORE, [moment])
        return bool(cursor.fetchone()[0])


def _fence(request: PrivacyRequest) -> None:
    """After the commit, by the database's clock."""
    if "fence" not in request.result:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()::text")
            [request.result["fence"]] = cursor.fetchone()
        request.save(update_fields=["result"])


@transaction.atomic
def _forget_names(request: PrivacyRequest, subject: DataSubject) -> None:
    """Of this request and every other of theirs: what is still open is closed with it.

    Another erasure is carried out by itself: whoever passed it on is told that it is complete.
    """
    digests = {(one.kind, one.value): one.digest.hex() for one in subject.known_by}
    for other in _others(request, subject):
        other.identities = [_as_digest(one) for one in other.identities]
        if other.is_open and other.type != request.type:
            close_undone(other, because=f"erased by {request.public_id}")
        else:
            other.save()
    request.identities = [
        {"kind": kind, "digest": digest} for (kind, _value), digest in sorted(digests.items())
    ]
    request.save(update_fields=["identities"])


def _others(request: PrivacyRequest, subject: DataSubject) -> list[PrivacyRequest]:
    """Requests of the same people, or that name the same."""
    named = Q(profile_id__in=subject.ever)
    for one in subject.known_by:
        named |= Q(identities__contains=[{"kind": one.kind, "value": one.value}])
    return list(PrivacyRequest.objects.filter(named).exclude(pk=request.pk).order_by("id"))


def _as_digest(one: dict[str, str]) -> dict[str, str]:
    if "value" not in one:
        return one
    return {"kind": one["kind"], "digest": KnownBy(one["kind"], one["value"]).digest.hex()}


@transaction.atomic
def _complete(request: PrivacyRequest, subject: DataSubject, searched: dict[str, Any]) -> None:
    """Step 4: the request keeps digests, numbers and the certificate.

    What the person is known by stays, encrypted, while something of them has to: it is found by it.
    """
    request.status = PrivacyRequest.Status.COMPLETED
    request.completed_at = request.completed_at or timezone.now()
    request.result["kept"] = exceptions.kept_rows(subject, in_force(request))
    names = ["fence", "searching"]
    if not exceptions.settle(request, subject):
        request.needles = b""
        names.append("identifier_ids")
    for name in names:
        request.result.pop(name, None)
    request.result["searched"] = searched
    follow(request, "certifying")
    request.result["certificate"] = certificate.certificate_of(request)
    request.save()
    audit.record("privacy.erased", "privacy_request", str(request.public_id))
    follow(request, "completed")
    if searched["found"]:
        log.warning("erasure %s: %d places hold more", request.public_id, len(searched["found"]))
