"""Withdrawals that reach further than one permission: an address, a person, GPC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from consent.channels import contact_kind
from consent.models import ConsentEntry, ConsentState, Purpose
from consent.models.ledger import Basis, Outcome, Status
from consent.services.recording import Recorded, Statement, record_consents

SHARING = "sharing-for-ads"
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
def withdraw_address(
    *,
    channel: str,
    address: str,
    profile_id: int | None = None,
    evidence: Mapping[str, Any],
    at: datetime | None = None,
    source_id: int | None = None,
) -> Withdrawn:
    """Withdraw every marketing purpose on `channel` for `address`, of everyone who holds it.

    `profile_id` is whom the link was made for, who may hold the address no longer. Where everything
    stands refused already nothing is added: a link pressed twice says no more than once.
    Source: RFC 8058; semantics.md sections 10 and 15.
    """
    purposes = marketing_purposes()
    people = sorted(holders(channel, address) | ({profile_id} if profile_id else set()))
    known = _refused(people, purposes, channel, address)
    statements = [
        Statement(
            profile_id=person,
            purpose_id=purpose,
            channel=channel,
            contact_point=address,
            status=Status.WITHDRAWN,
            basis=Basis.CONSENT,
            evidence=evidence,
            at=at,
            source_id=source_id,
        )
        for person in people
        for purpose in purposes
        if (person, purpose) not in known
    ]
    return Withdrawn(people, record_consents(statements))


def holders(channel: str, address: str) -> set[int]:
    """Everyone who holds this address or has said something about it: two index look-ups."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT profile_id FROM identifier WHERE kind = %s AND value = %s "
            "UNION SELECT profile_id FROM consent_state"
            " WHERE contact_point = %s AND contact_point <> '' AND channel = %s",
            [contact_kind(channel), address, address, channel],
        )
        return {profile_id for (profile_id,) in cursor.fetchall()}


def _refused(
    people: Sequence[int], purposes: Sequence[int], channel: str, address: str
) -> set[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT profile_id, purpose_id FROM consent_state WHERE profile_id = ANY(%s)"
            " AND purpose_id = ANY(%s) AND channel = %s AND contact_point = %s AND topic_key = 0"
            " AND status = 'withdrawn'"
            # a topic that was allowed again ends with this withdrawal, so it has to be said
            " AND NOT EXISTS (SELECT 1 FROM consent_state t"
            " WHERE t.profile_id = consent_state.profile_id"
            " AND t.purpose_id = consent_state.purpose_id AND t.channel = consent_state.channel"
            " AND t.contact_point = %s AND t.topic_key <> 0 AND t.status = 'granted')",
            [list(people), list(purposes), channel, address, address],
        )
        return set(cursor.fetchall())


def opt_out_of_sharing(
    profile_ids: Sequence[int],
    *,
    evidence: Mapping[str, Any],
    source_id: int | None = None,
    is_proven: bool = True,
) -> int:
    """Record Global Privacy Control: no sharing for ads, for those who have not refused it yet.

    It is no unsubscribe, and later absence of the signal revokes nothing (semantics.md section 10).
    A signal that proves nothing of whom it names does not end a permission that stands: it is kept
    once beside it, as a claim (`consent.gpc`).
    """
    purpose = Purpose.objects.filter(slug=SHARING).values_list("pk", flat=True).first()
    if purpose is None or not profile_ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT profile_id FROM consent_state WHERE profile_id = ANY(%s) AND purpose_id = %s"
            " AND channel = %s AND contact_point = '' AND topic_key = 0"
            " AND status IN ('denied', 'withdrawn')",
            [list(profile_ids), purpose, EVERY_CHANNEL],
        )
        refused = {profile_id for (profile_id,) in cursor.fetchall()}
    new = sorted(set(profile_ids) - refused)
    claims = set() if is_proven else _allow_sharing(new, purpose)
    claimed = _claimed(sorted(claims), purpose)
    new = [profile_id for profile_id in new if profile_id not in claimed]
    record_consents(
        [
            Statement(
                profile_id=profile_id,
                purpose_id=purpose,
                channel=EVERY_CHANNEL,
                status=Status.DENIED,
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


def _allow_sharing(profile_ids: Sequence[int], purpose_id: int) -> set[int]:
    """Those of these who allow sharing, as a whole; one query where there are any."""
    rows = ConsentState.objects.filter(
        profile_id__in=profile_ids, purpose_id=purpose_id, channel=EVERY_CHANNEL, contact_point=""
    )
    allowed = rows.filter(status=Status.GRANTED, topic_key=0) if profile_ids else rows.none()
    return set(allowed.values_list("profile_id", flat=True))


def _claimed(profile_ids: Sequence[int], purpose_id: int) -> set[int]:
    """Those of these of whom it is kept already that a browser claimed otherwise."""
    if not profile_ids:
        return set()
    rows = ConsentEntry.objects.filter(
        profile_id__in=profile_ids, purpose_id=purpose_id, outcome=Outcome.UNPROVEN
    )
    return set(rows.values_list("profile_id", flat=True))
