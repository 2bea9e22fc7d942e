"""Withdrawals that reach further than one permission: an address, a person, GPC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from config.postgres.sql import ids_of, run, sql
from consent.channels import CHANNELS, contact_kind
from consent.ledger.acts import BLOCKING
from consent.ledger.recording import Recorded, Statement, record_consents
from consent.ledger.standing import WHOLE, standing
from consent.models import ConsentEntry, Purpose, Suppression
from consent.models.ledger import Basis, ConsentStatus, Outcome
from consent.models.purpose import SHARING
from consent.policy.places import place_of
from consent.policy.resolving import policy_table
from consent.policy.terms import PURPOSE, STOP_SCOPE
from consent.suppression.suppressing import suppress
from profiles.models import Profile
from profiles.people.lineage import given_people

EVERY_CHANNEL = ""  # of what is said of the person, whatever the channel


def marketing_purposes() -> list[int]:
    """The ids of all purposes of class marketing."""
    rows = Purpose.objects.filter(purpose_class=Purpose.Class.MARKETING)
    return list(rows.values_list("pk", flat=True))


@dataclass(frozen=True)
class Withdrawn:
    """What a withdrawal recorded, and of whom."""

    profile_ids: list[int]
    entries: list[Recorded]


@transaction.atomic
def withdraw_address(  # noqa: PLR0913 - what a statement says
    *,
    channel: str,
    address: str,
    profile_id: int | None = None,
    evidence: Mapping[str, Any],
    at: datetime | None = None,
    source_id: int | None = None,
    wording: str = "",
    language: str = "",
    answers: Purpose | None = None,
) -> Withdrawn:
    """Withdraw every marketing purpose on `channel` for `address`, of everyone who holds it.

    `profile_id` is whom the link was made for, who may hold the address no longer. Where everything
    stands refused already nothing is added: a link pressed twice says no more than once. Where an
    opt-out on the channel silences everything (a STOP), the address is suppressed with it; but if
    `answers` says for which purpose the message was that it answers, and the policy of everybody
    who holds the address lets one STOP end that purpose alone, it does no more than that.
    Source: RFC 8058.
    """
    people = sorted(holders(channel, address) | ({profile_id} if profile_id else set()))
    is_narrow = answers is not None and _ends_one_purpose(people, channel, answers)
    purposes = [answers.pk] if answers and is_narrow else marketing_purposes()
    known = _refused(people, purposes, channel, address)
    statements = [
        Statement(
            profile_id=person,
            purpose_id=purpose,
            channel=channel,
            contact_point=address,
            status=ConsentStatus.WITHDRAWN,
            basis=Basis.CONSENT,
            evidence=evidence,
            at=at,
            source_id=source_id,
            wording=wording,
            language=language,
        )
        for person in people
        for purpose in purposes
        if (person, purpose) not in known
    ]
    if not is_narrow:
        _silence(channel, address)
    return Withdrawn(people, record_consents(statements))


def _ends_one_purpose(people: Sequence[int], channel: str, purpose: Purpose) -> bool:
    """By the policy of where each of them lives: the strictest counts. One query."""
    facts, table = CHANNELS.get(channel), policy_table()
    if facts is None or facts.silences != Suppression.Level.ALL:
        return False
    rows = Profile.objects.filter(pk__in=people).values_list("country", "traits")
    scopes = {
        table.value(STOP_SCOPE, place_of(country, traits), channel, purpose)
        for country, traits in rows
    }
    return scopes == {PURPOSE}


def _silence(channel: str, address: str) -> None:
    facts = CHANNELS.get(channel)
    if facts is not None and facts.silences == Suppression.Level.ALL and address:
        reason = Suppression.Reason.UNSUBSCRIBE
        suppress(kind=facts.contact_kind, value=address, reason=reason, level=facts.silences)


def holders(channel: str, address: str) -> set[int]:
    """Everyone who holds this address or has said something about it: two index look-ups."""
    found = sql(
        "SELECT profile_id FROM identifier_key WHERE kind = {kind} AND value = {address}"
        " UNION SELECT s.profile_id FROM ({stood}) s"
        " WHERE s.contact_point = {address} AND s.contact_point <> ''",
        kind=contact_kind(channel),
        address=address,
        stood=standing(channel=channel),
    )
    return set(ids_of(run(found)))


def _refused(
    people: Sequence[int], purposes: Sequence[int], channel: str, address: str
) -> set[tuple[int, int]]:
    # a topic that was allowed again ends with this withdrawal, so it has to be said
    refused = sql(
        "SELECT s.profile_id, s.purpose_id FROM ({stood}) s"
        " WHERE s.purpose_id = ANY({purposes}) AND s.contact_point = {address}"
        " GROUP BY 1, 2 HAVING bool_or(s.topic_key = 0 AND s.status = 'withdrawn')"
        " AND NOT bool_or(s.topic_key <> 0 AND s.status = 'granted')",
        stood=standing(given_people(people), channel=channel),
        purposes=list(purposes),
        address=address,
    )
    return set(run(refused))


@transaction.atomic
def withdraw_for(
    person: Profile,
    *,
    purposes: Sequence[Purpose],
    channels: Sequence[str],
    evidence: Mapping[str, Any],
    at: datetime | None = None,
) -> list[Recorded]:
    """Withdraw these purposes on these channels for a person who asked somebody of ours.

    It is said of the person, so of each of their addresses; a purpose of class processing knows no
    channel. What stands refused as a whole already is not said again. The actor is whoever acts.
    """
    stands = sql(
        "SELECT s.purpose_id, s.channel FROM ({stood}) s"
        " WHERE s.contact_point = '' AND s.topic_key = 0 AND s.status = ANY({blocking})",
        stood=standing(given_people([person.pk])),
        blocking=list(BLOCKING),
    )
    refused = set(run(stands))
    wanted = [
        (purpose.pk, channel)
        for purpose in purposes
        for channel in (
            [EVERY_CHANNEL] if purpose.purpose_class == Purpose.Class.PROCESSING else channels
        )
    ]
    return record_consents(
        [
            Statement(
                profile_id=person.pk,
                purpose_id=purpose,
                channel=channel,
                status=ConsentStatus.WITHDRAWN,
                basis=Basis.CONSENT,
                evidence=evidence,
                at=at,
            )
            for purpose, channel in wanted
            if (purpose, channel) not in refused
        ]
    )


def opt_out_of_sharing(
    profile_ids: Sequence[int],
    *,
    evidence: Mapping[str, Any],
    source_id: int | None = None,
    is_proven: bool = True,
) -> int:
    """Record Global Privacy Control: no sharing for ads, for those who have not refused it yet.

    It is no unsubscribe, and later absence of the signal revokes nothing.
    A signal that proves nothing of whom it names does not end a permission that stands: it is kept
    once beside it, as a claim (`consent.signals.gpc`).
    """
    purpose = Purpose.objects.filter(slug=SHARING).values_list("pk", flat=True).first()
    if purpose is None or not profile_ids:
        return 0
    new = sorted(set(profile_ids) - _saying(profile_ids, purpose, BLOCKING))
    claims = set() if is_proven else _saying(new, purpose, [ConsentStatus.GRANTED])
    claimed = _claimed(sorted(claims), purpose)
    new = [profile_id for profile_id in new if profile_id not in claimed]
    record_consents(
        [
            Statement(
                profile_id=profile_id,
                purpose_id=purpose,
                channel=EVERY_CHANNEL,
                status=ConsentStatus.DENIED,
                basis=Basis.CONSENT,
                evidence=evidence,
                source_id=source_id,
                actor="person",
                is_claim=profile_id in claims,
            )
            for profile_id in new
        ]
    )
    return len(new)


def _saying(profile_ids: Sequence[int], purpose_id: int, statuses: Sequence[str]) -> set[int]:
    """Those of these for whom one of `statuses` stands for all channels; one query, if any."""
    if not profile_ids:
        return set()
    stood = standing(
        given_people(profile_ids), purpose=purpose_id, channel=EVERY_CHANNEL, topics=WHOLE
    )
    saying = sql(
        "SELECT s.profile_id FROM ({stood}) s"
        " WHERE s.contact_point = '' AND s.status = ANY({statuses})",
        stood=stood,
        statuses=[str(status) for status in statuses],
    )
    return set(ids_of(run(saying)))


def _claimed(profile_ids: Sequence[int], purpose_id: int) -> set[int]:
    """Those of these of whom it is kept already that a browser claimed otherwise."""
    if not profile_ids:
        return set()
    rows = ConsentEntry.objects.filter(
        profile_id__in=profile_ids, purpose_id=purpose_id, outcome=Outcome.UNPROVEN
    )
    return set(rows.values_list("profile_id", flat=True))
