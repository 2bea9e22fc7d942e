"""Where a permission wants a double opt-in, a grant is no grant yet: a mail asks the address.

`record_or_ask` stands before the ledger for whoever takes permissions in (REST, the preference
page, what comes in, whatever of it): what a purpose or the policy of the person's country wants
confirmed is recorded as pending and asked, everything else is recorded as said. That it was
confirmed already (`PROVEN`) is believed of who is ours: a browser's public key proves nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone, translation

from config.postgres.sql import run, sql
from config.workspace.access import tokens
from config.workspace.digests import caller_digest, contact_digest
from config.workspace.mails.outgoing import ServiceMail, write
from config.workspace.zones import stamp, today
from consent.channels import contact_kind
from consent.confirming.limits import NO_ADDRESS, AskingLimits, count_unasked
from consent.confirming.words import as_shown, shown, wording_of
from consent.ledger.recording import Statement, record_consents
from consent.ledger.standing import standing
from consent.letters.languages import letter_language
from consent.models import Confirmation, Purpose, Topic, Wording
from consent.models.ledger import Basis, ConsentStatus
from consent.policy.places import place_of
from consent.policy.resolving import policy_table
from consent.policy.terms import DOUBLE_OPT_IN
from profiles.models import Profile, Source

CONFIRM: Final = "confirm"  # what the tokens are for
PROVEN: Final = ("double_opt_in", "recorded_call")  # acts that need no mail of ours, if they were
REFUSED: Final = "refused"  # the outcome of a question that a limit kept back
_LOCK: Final = 0xD0B1
_GRANTED = """
SELECT g.n FROM unnest({people}::bigint[], {purposes}::bigint[], {channels}::text[],
    {points}::text[], {topics}::bigint[]) WITH ORDINALITY AS g(profile_id, purpose_id, channel,
    point, topic_id, n)
WHERE EXISTS (SELECT 1 FROM ({standing}) s WHERE s.profile_id = g.profile_id
    AND s.purpose_id = g.purpose_id AND s.channel = g.channel AND s.contact_point = g.point
    AND s.topic_key = g.topic_id AND s.status = 'granted')
"""


@dataclass(frozen=True)
class Answered:
    """What became of a statement: as `Recorded`; `reason` says why a question was not asked."""

    id: int | None
    outcome: str
    state: str
    reason: str = ""
    is_asked: bool = False


@transaction.atomic
def record_or_ask(
    statements: Sequence[Statement], *, caller: str = "", language: str = ""
) -> list[Answered]:
    """Record the statements, those that want a double opt-in as pending with a mail on its way.

    `caller` is the address of whoever filled in the form, where it is known (else evidence `ip`).
    A permission that stands already is not asked for again. One answer for each, in order.
    """
    wanted = _wanted(statements)
    if not wanted:
        return [Answered(r.id, r.outcome, r.state) for r in record_consents(statements)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    now = timezone.now()
    kept_back = _kept_back([statements[n] for n in wanted], caller, now)
    refused = {n: why for n, why in zip(wanted, kept_back, strict=True) if why}
    count_unasked(refused.values())
    chosen = {n: about for n, about in wanted.items() if n not in refused}
    asked = _questions(statements, chosen, language)
    places = [n for n in range(len(statements)) if n not in refused]
    recorded = record_consents(
        [asked[n].pending(now) if n in asked else statements[n] for n in places]
    )
    answers = {
        n: Answered(one.id, one.outcome, one.state, is_asked=n in asked)
        for n, one in zip(places, recorded, strict=True)
    }
    _send([(asked[n], answers[n]) for n in asked], caller, now)
    answers |= {n: Answered(None, REFUSED, "", why) for n, why in refused.items()}
    return [answers[n] for n in range(len(statements))]


def wants_double_opt_in(purpose: Purpose, profile: Profile, channel: str) -> bool:
    """By the purpose, or by the policy of where the person lives; mail alone can be asked."""
    if purpose.purpose_class != Purpose.Class.MARKETING or contact_kind(channel) != "email":
        return False
    place = place_of(profile.country, profile.traits)
    return purpose.double_opt_in or bool(
        policy_table().value(DOUBLE_OPT_IN, place, channel, purpose)
    )


@dataclass(frozen=True)
class _Question:
    """One statement that becomes a mail."""

    statement: Statement
    purpose: Purpose
    topic: Topic | None
    wording: Wording
    language: str

    @property
    def lasts(self) -> timedelta:
        return timedelta(days=self.purpose.confirm_days)

    def pending(self, now: datetime) -> Statement:
        """What stands in the ledger until it is answered."""
        evidence = dict(self.statement.evidence) | {
            "asked_by": "mail",
            "until": stamp(now + self.lasts),
            "then": "expire",
            "wording_id": self.wording.pk,
        }
        evidence.pop("act", None)
        return replace(
            self.statement,
            status=ConsentStatus.PENDING,
            at=None,
            evidence=evidence,
            wording=as_shown(self.wording, self.purpose, self.topic),
            language=self.language,
        )


def _wanted(statements: Sequence[Statement]) -> dict[int, tuple[Purpose, Profile]]:
    """By place in the list, those that are to be asked. One query where nobody wants it."""
    maybe = [
        n
        for n, one in enumerate(statements)
        if one.status in (ConsentStatus.GRANTED, ConsentStatus.PENDING)
        and one.basis == Basis.CONSENT
        and contact_kind(one.channel) == "email"
    ]
    proven = [n for n in maybe if statements[n].evidence.get("act") in PROVEN]
    if proven:
        believed = _of_ours([statements[n] for n in proven])
        maybe = sorted({*maybe} - {n for n in proven if statements[n].source_id in believed})
    if not maybe:
        return {}
    purposes = Purpose.objects.in_bulk({statements[n].purpose_id for n in maybe})
    if not _is_wanted_anywhere(purposes.values()):
        return {}
    people = Profile.objects.in_bulk({statements[n].profile_id for n in maybe})
    found = {
        n: (purposes[statements[n].purpose_id], people[statements[n].profile_id])
        for n in maybe
        if wants_double_opt_in(
            purposes[statements[n].purpose_id],
            people[statements[n].profile_id],
            statements[n].channel,
        )
    }
    granted = _granted([statements[n] for n in found])
    return {n: found[n] for place, n in enumerate(found) if place not in granted}


def _of_ours(statements: Sequence[Statement]) -> set[int | None]:
    """The sources whose word is proof; who says it by no source is of the team, or has its key."""
    ids = {one.source_id for one in statements} - {None}
    rows = Source.objects.in_bulk(ids).values() if ids else ()
    return {None, *(row.pk for row in rows if row.is_verified)}


def _is_wanted_anywhere(purposes: Iterable[Purpose]) -> bool:
    by_law = any(row.terms.get(DOUBLE_OPT_IN) for row in policy_table().in_force(today()))
    return by_law or any(purpose.double_opt_in for purpose in purposes)


def _granted(statements: Sequence[Statement]) -> set[int]:
    """Those of which a permission stands already."""
    query = sql(
        _GRANTED,
        standing=standing(),
        people=[one.profile_id for one in statements],
        purposes=[one.purpose_id for one in statements],
        channels=[one.channel for one in statements],
        points=[one.contact_point for one in statements],
        topics=[one.topic_id or 0 for one in statements],
    )
    return {n - 1 for (n,) in run(query)} if statements else set()


def _kept_back(statements: Sequence[Statement], caller: str, now: datetime) -> list[str]:
    asked = [(_digest(one), caller_digest(_caller(one, caller))) for one in statements]
    limits = AskingLimits(asked, now)
    return [
        limits.take(digest, by) if one.contact_point else NO_ADDRESS
        for one, (digest, by) in zip(statements, asked, strict=True)
    ]


def _digest(statement: Statement) -> bytes:
    return contact_digest("email", statement.contact_point)


def _caller(statement: Statement, caller: str) -> str:
    given = statement.evidence.get("ip")
    return caller or (given if isinstance(given, str) else "")


def _questions(
    statements: Sequence[Statement],
    wanted: Mapping[int, tuple[Purpose, Profile]],
    language: str,
) -> dict[int, _Question]:
    """By place in the list. A query for topics, one or two for each purpose and language."""
    topics = Topic.objects.in_bulk({statements[n].topic_id for n in wanted} - {None})
    wordings: dict[tuple[int, str], Wording] = {}
    found = {}
    for n, (purpose, person) in wanted.items():
        one = statements[n]
        chosen = letter_language(language, one.language, person.locale)
        if (purpose.pk, chosen) not in wordings:
            wordings[purpose.pk, chosen] = wording_of(purpose, chosen)
        topic = topics.get(one.topic_id or 0)
        found[n] = _Question(one, purpose, topic, wordings[purpose.pk, chosen], chosen)
    return found


def _send(asked: Sequence[tuple[_Question, Answered]], caller: str, now: datetime) -> None:
    rows = [
        Confirmation(
            profile_id=one.statement.profile_id,
            purpose=one.purpose,
            topic=one.topic,
            channel=one.statement.channel,
            contact_point=one.statement.contact_point,
            digest=_digest(one.statement),
            caller=caller_digest(_caller(one.statement, caller)),
            entry_id=answer.id or 0,
            wording=one.wording,
            asked_at=now,
            expires_at=now + one.lasts,
            remind_at=_remind_at(one.purpose, now),
        )
        for one, answer in asked
    ]
    for row in Confirmation.objects.bulk_create(rows):
        write_question(row)


def _remind_at(purpose: Purpose, now: datetime) -> datetime | None:
    days = purpose.remind_days
    return now + timedelta(days=days) if days and days < purpose.confirm_days else None


def write_question(row: Confirmation, *, again: bool = False) -> None:
    """The mail: what was asked, one button, and what happens without an answer. No marketing."""
    wording, purpose, topic = row.wording, row.purpose, row.topic
    with translation.override(wording.language):
        mail = ServiceMail(
            to=row.contact_point,
            subject=shown(wording, "subject", purpose, topic),
            paragraphs=[shown(wording, "text", purpose, topic)],
            button=_button(),
            url=link_to(row),
            closing=[shown(wording, "ignore", purpose, topic)],
            language=wording.language,
        )
    key = f"confirm-{row.profile_id}-{row.pk}{'-again' if again else ''}"
    write("double_opt_in", key, mail, lasting=row.expires_at - timezone.now())


def _button() -> str:
    return translation.gettext("See what I asked for")


def link_to(row: Confirmation) -> str:
    """Where the question is answered, in the language that it was put in."""
    token = tokens.issue(CONFIRM, row.profile_id, row.pk)
    return f"{settings.BASE_URL}/confirm/{token}/?lang={row.wording.language}"
