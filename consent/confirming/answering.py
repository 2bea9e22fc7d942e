"""What comes of a double opt-in: a yes or a no of the person, or silence.

Who says nothing until the link ends stays without permission. If nothing else is held of them than
the address that was asked about (no trait, event, message, other identifier or permission that was
ever given), they are taken away whole: an address that nobody confirmed is kept for nothing, and
may be given again tomorrow, so no digest keeps it out. Anybody of whom we hold more keeps their
address; what was not confirmed is `expired` in the ledger either way.
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from config.workspace.models import OutgoingMail
from config.workspace.work.due import WORK
from config.workspace.work.pruning import PORTION, PRUNERS, deleted
from config.workspace.work.waiting import WAITING
from consent.confirming.asking import write_question
from consent.confirming.words import as_shown
from consent.ledger.recording import Statement, record_consents
from consent.models import Confirmation, ConsentEntry
from consent.models.ledger import Basis, ConsentStatus
from consent.privacy import holdings
from consent.privacy.erasure.erasing import take_away
from consent.privacy.subject import subject_of
from profiles.identifiers.kinds import PROFILE_KIND
from profiles.models import Identifier, Profile
from profiles.people.lineage import person_today, today_id

log = logging.getLogger(__name__)
PLACE: Final = "confirmation page"
BATCH: Final = 100  # questions of one run
KEPT: Final = timedelta(days=90)
# what somebody has who is nothing but an address that was asked
ADDRESS_ALONE: Final = frozenset(
    {
        "identifier", "identifier_key", "identifier_link", "consent_entry", "consent_state",
        "confirmation", "membership", "profile_change", "audit_entry",
    }
)  # fmt: skip
_OLD = """DELETE FROM confirmation WHERE (profile_id, id) IN (
    SELECT profile_id, id FROM confirmation WHERE asked_at < %s LIMIT %s)"""
OLDEST_DUE: Final = (
    "SELECT min(least(expires_at, remind_at)) FROM confirmation WHERE answered_at IS NULL"
    " AND (expires_at <= now() OR remind_at <= now())"
)


class QuestionEnded(Exception):
    """The link holds no more: nobody answered in time, or it was answered otherwise before."""


@transaction.atomic
def answer(row: Confirmation, *, yes: bool, ip: str, agent: str) -> str:
    """Record what the person said; the answer that stands. Said twice, it is recorded once.

    Raises QuestionEnded. The permission is that of whoever the person is today.
    """
    row = Confirmation.objects.select_for_update().get(profile_id=row.profile_id, pk=row.pk)
    said = Confirmation.Answer.CONFIRMED if yes else Confirmation.Answer.REFUSED
    if row.answer == said:
        return row.answer
    if row.answered_at is not None or row.expires_at <= timezone.now():
        raise QuestionEnded
    record_consents([_statement(row, yes=yes, ip=ip, agent=agent)])
    row.answer, row.answered_at = said, timezone.now()
    row.save(update_fields=["answer", "answered_at"])
    return row.answer


def _statement(row: Confirmation, *, yes: bool, ip: str, agent: str) -> Statement:
    evidence = {
        "collection_point": PLACE,
        "asked_at": row.asked_at.isoformat(),
        "asked": row.entry_id,
        "wording_id": row.wording_id,
        "ip": ip,
        "user_agent": agent[:200],
    }
    return Statement(
        profile_id=today_id(row.profile_id),
        purpose_id=row.purpose_id,
        channel=row.channel,
        contact_point=row.contact_point,
        topic_id=row.topic_id,
        status=ConsentStatus.GRANTED if yes else ConsentStatus.DENIED,
        basis=Basis.CONSENT,
        actor="person",
        evidence=evidence | ({"act": "double_opt_in"} if yes else {"kind": "double_opt_in"}),
        wording=as_shown(row.wording, row.purpose, row.topic),
        language=row.wording.language,
    )


@WORK.register("confirmations", order=22)
def settle_due() -> int:
    """Remind whom a purpose wants reminded, end what nobody answered; how many it were."""
    now = timezone.now()
    waiting = Confirmation.objects.filter(answered_at=None).order_by("expires_at")
    reminded = [
        _remind(row) for row in waiting.filter(remind_at__lte=now, expires_at__gt=now)[:BATCH]
    ]
    ended = [_end(row, now) for row in waiting.filter(expires_at__lte=now)[:BATCH]]
    return len(reminded) + len(ended)


WAITING.register("confirmations")(OLDEST_DUE)


@transaction.atomic
def _remind(row: Confirmation) -> None:
    mine = Confirmation.objects.filter(profile_id=row.profile_id, pk=row.pk, answered_at=None)
    if mine.filter(remind_at__isnull=False).update(remind_at=None):
        write_question(row, again=True)


@transaction.atomic
def _end(row: Confirmation, now: datetime) -> None:
    mine = Confirmation.objects.filter(profile_id=row.profile_id, pk=row.pk, answered_at=None)
    if not mine.update(answered_at=now, answer=Confirmation.Answer.EXPIRED):
        return
    person = person_today(row.profile_id)
    if person is not None and is_nothing_else(person, row.contact_point):
        take_away(person)
        OutgoingMail.objects.filter(digest=bytes(row.digest)).delete()


def is_nothing_else(person: Profile, address: str) -> bool:
    """Whether all that is held of them is this address, and that it was asked about."""
    others = Identifier.objects.filter(profile_id=person.pk).exclude(kind=PROFILE_KIND)
    if person.traits or others.exclude(value=address).exists():
        return False
    open_ones = Confirmation.objects.filter(profile_id=person.pk, answered_at=None)
    given = ConsentEntry.objects.filter(profile_id=person.pk).exclude(status__in=_UNANSWERED)
    return not (open_ones.exists() or given.exists() or _is_more_held(person, ADDRESS_ALONE))


_UNANSWERED: Final = (ConsentStatus.PENDING, ConsentStatus.EXPIRED)


def _is_more_held(person: Profile, beside: Collection[str]) -> bool:
    """In any table that says whose its rows are; a query each, for a handful of people."""
    held = holdings.declared(subject_of(person))
    return any(one.table not in beside and holdings.count(one) for one in held)


@PRUNERS.register("confirmations")
def prune(now: datetime) -> int:
    """Questions of long ago: their links have ended, the ledger says what came of them."""
    return deleted(_OLD, [now - KEPT, PORTION])
