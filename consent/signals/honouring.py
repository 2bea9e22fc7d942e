"""What consent objects and strings say, in the ledger: a row when it changes, none for each event.

By the times of the messages, the latest wins, across devices: a choice is the person's own act
(`act: form`), and what is older than what stands changes nothing. Only permissions of the person as
a whole are written, for purposes of processing: mails, texts and calls are never touched.

A public key proves nobody's word. What a browser says holds for its visitor and for whom it names,
marked as unproven, but it overrides no statement that was proven: then it is kept once, as a claim,
as with GPC. A permission out of an import is no act: it ends no refusal.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.postgres.sql import run, sql
from consent.confirming.asking import record_or_ask
from consent.ledger.acts import BLOCKING
from consent.ledger.recording import Statement
from consent.ledger.standing import WHOLE, standing
from consent.models import ConsentEntry, Wording
from consent.models.ledger import Basis, ConsentStatus, Outcome
from consent.signals.choices import ConsentChoice
from consent.signals.gpc import UNPROVEN
from consent.suppression.withdrawing import EVERY_CHANNEL
from consent.wordings import banner_key
from profiles.calls.messages import Incoming
from profiles.ingest.hooks import AFTER_BATCH, WrittenBatch
from profiles.people.lineage import given_people

SIGNAL = "consent_object"  # `signal` of the evidence
_STANDS = """
SELECT s.profile_id, s.purpose_id, s.status, s.at, coalesce(e.evidence->>'proof', '') = ''
FROM ({stood}) s JOIN consent_entry e ON e.profile_id = s.profile_id AND e.id = s.entry_id
WHERE s.contact_point = '' AND s.purpose_id = ANY({purposes})
"""
Key = tuple[int, int]  # person, purpose


@dataclass(frozen=True)
class Stands:
    """What is permitted before a message: `allows` is None where neither yes nor no stands."""

    allows: bool | None
    at: datetime
    is_proven: bool


def record_choices(cursor: Any, batch: WrittenBatch) -> None:
    """Write down what changed; without a consent object no query, else two and the ledger's."""
    everything = [*batch.messages, *batch.withheld]
    speaking = [message for message in everything if message.choice and message.choice.answers]
    if not speaking:
        return
    speaking.sort(key=lambda message: message.occurred_at)
    stood = _standing(speaking)
    wordings = _wordings(speaking)
    statements: list[Statement] = []
    claims: dict[tuple[Key, str], Statement] = {}
    for message in speaking:
        for purpose_id, allowed in sorted(message.choice.answers.items()):
            key = (message.profile_id, purpose_id)
            before = stood.get(key)
            if before and (before.allows is allowed or message.occurred_at <= before.at):
                continue
            is_claim = _is_claim(message, before, allowed)
            said = _statement(message, purpose_id, allowed, before, wordings, is_claim=is_claim)
            if is_claim:
                claims.setdefault((key, said.status), said)
            else:
                statements.append(said)
                stood[key] = Stands(allowed, message.occurred_at, message.source.is_verified)
    record_or_ask([*statements, *_new_claims(claims, stood)])


def _standing(messages: Sequence[Incoming]) -> dict[Key, Stands]:
    people = sorted({message.profile_id for message in messages})
    purposes = sorted({number for message in messages for number in message.choice.answers})
    stood = standing(given_people(people), channel=EVERY_CHANNEL, topics=WHOLE)
    allows = {ConsentStatus.GRANTED.value: True, **dict.fromkeys(BLOCKING, False)}
    return {
        (profile_id, purpose_id): Stands(allows.get(status), at, is_proven)
        for profile_id, purpose_id, status, at, is_proven in run(
            sql(_STANDS, stood=stood, purposes=purposes)
        )
    }


def _is_claim(message: Incoming, before: Stands | None, allowed: bool) -> bool:
    if before is None or before.allows is None:
        return False
    if message.is_history:
        return allowed
    return before.is_proven and not message.source.is_verified


def _statement(  # noqa: PLR0913 - a message, what it says, and what was before
    message: Incoming,
    purpose_id: int,
    allowed: bool,
    before: Stands | None,
    wordings: dict[int, Wording],
    *,
    is_claim: bool,
) -> Statement:
    refusal = ConsentStatus.WITHDRAWN if before and before.allows else ConsentStatus.DENIED
    shown = _shown(message, wordings)
    given = message.choice.wording
    return Statement(
        profile_id=message.profile_id,
        purpose_id=purpose_id,
        channel=EVERY_CHANNEL,
        status=ConsentStatus.GRANTED if allowed else refusal,
        basis=Basis.CONSENT,
        at=message.occurred_at,
        evidence=_evidence(message),
        source_id=message.source.id,
        actor="person",
        is_claim=is_claim,
        wording=shown.text if shown else given if isinstance(given, str) else "",
        language=shown.language if shown else message.choice.language,
    )


def _shown(message: Incoming, wordings: dict[int, Wording]) -> Wording | None:
    """The wording of the source's own banner that it names; no other form's."""
    found = wordings.get(_number(message.choice.wording))
    return found if found and found.key == banner_key(message.source.id) else None


def _evidence(message: Incoming) -> dict[str, Any]:
    """The object and the strings as they came, what they say, and by which call."""
    choice: ConsentChoice = message.choice
    found: dict[str, Any] = {"signal": SIGNAL, "message_id": message.message_id}
    if not message.is_history:
        found["act"] = "form"
    if not message.source.is_verified:
        found["proof"] = UNPROVEN
    if choice.categories is not None:
        found["categories"] = dict(choice.categories)
    if _number(choice.wording):
        found["wording_id"] = choice.wording
    return found | choice.strings | ({"says": choice.decoded} if choice.decoded else {})


def _number(wording: Any) -> int:
    is_number = isinstance(wording, int) and not isinstance(wording, bool)
    return wording if is_number and 0 < wording < 1 << 63 else 0


def _wordings(messages: Sequence[Incoming]) -> dict[int, Wording]:
    """Our own wordings that are named by their id."""
    numbers = {_number(message.choice.wording) for message in messages} - {0}
    return Wording.objects.in_bulk(sorted(numbers)) if numbers else {}


def _new_claims(
    claims: dict[tuple[Key, str], Statement], stood: dict[Key, Stands]
) -> Iterator[Statement]:
    """Those that are not kept yet beside what stands. One query, where there are any."""
    known = _claimed({key for key, _status in claims})
    for (key, status), said in claims.items():
        at = known.get((*key, status))
        if at is None or at < stood[key].at:
            yield said


def _claimed(keys: Collection[Key]) -> dict[tuple[int, int, str], datetime]:
    if not keys:
        return {}
    rows = ConsentEntry.objects.filter(
        profile_id__in={profile_id for profile_id, _purpose in keys},
        purpose_id__in={purpose_id for _profile, purpose_id in keys},
        channel=EVERY_CHANNEL,
        outcome__in=(Outcome.UNPROVEN, Outcome.WITHDRAWAL_STANDS),
        evidence__signal=SIGNAL,
    ).order_by("at")
    return {(row.profile_id, row.purpose_id, row.status): row.at for row in rows}


AFTER_BATCH.register("consent.choices", order=10)(record_choices)
