"""Who was erased does not come back by what comes in again.

Of a message that names an identifier of somebody who was erased:

* one that is blocked refuses it;
* where it also names somebody who is there, it is theirs alone, without the erased identifier;
* dated before the erasure it is refused, and so is any import and any sync (what a source of ours
  says of a person without the person having done something), for good;
* a later act of the person's own starts a new profile, of which all marketing is refused.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from consent.channels import channel_names
from consent.ledger.erased import Erasure, erased_among
from consent.ledger.recording import Statement, record_consents
from consent.models import Purpose
from consent.suppression.withdrawing import EVERY_CHANNEL
from profiles.calls import reasons
from profiles.calls.messages import Incoming
from profiles.identity import keys
from profiles.ingest.hooks import AFTER_BATCH, SCREENS, WrittenBatch

Key = tuple[str, str]
ACTS: Final = ("track", "page", "screen")


@SCREENS.register("consent.erased")
def screen(cursor: Any, messages: Sequence[Incoming]) -> None:
    """Before anything of a batch is written: three queries at most."""
    all_keys = {key for message in messages for key in message.keys}
    erased = erased_among(cursor, all_keys)
    if not erased:
        return
    alive = keys.look_up(cursor, all_keys)
    for message in messages:
        named = [key for key in message.keys if key in erased]
        if named:
            _judge(message, named, erased, alive)


def _judge(
    message: Incoming, named: Sequence[Key], erased: dict[Key, Erasure], alive: Iterable[Key]
) -> None:
    gone = [key for key in named if key not in alive]
    if any(erased[key].is_blocked for key in named):
        _refuse(message, "blocked_person", reasons.BLOCKED_PERSON)
    elif message.occurred_at <= max(erased[key].at for key in named):
        _without(message, named, alive)
    elif gone and any(key in alive for key in message.keys):
        _without(message, gone, alive)
    elif gone and not _is_own_act(message):
        _refuse(message, "erased_person", reasons.ERASED_PERSON)
    elif gone:
        message.came_back = True


def _without(message: Incoming, named: Sequence[Key], alive: Iterable[Key]) -> None:
    """For whoever else it names, without what is erased; refused where that is nobody."""
    left = [key for key in message.keys if key not in named]
    if not any(key in alive for key in left):
        _refuse(message, "erased_person", reasons.ERASED_PERSON)
        return
    texts = (text for key in named for text in (key[1], message.raw_values.get(key, "")))
    values = {text.lower() for text in texts if text}
    message.keys = left
    message.traits = _cleared(message.traits, values)
    message.properties = _cleared(message.properties, values)
    message.properties_raw = json.dumps(message.properties).encode()
    context = _cleared(json.loads(message.context_raw or b"{}"), values)
    message.context_raw = json.dumps(context).encode()


def _cleared(value: Any, gone: set[str]) -> Any:
    """Without the entries that say one of these, which are in lower case."""
    if isinstance(value, dict):
        return {k: _cleared(v, gone) for k, v in value.items() if not _is(v, gone)}
    if isinstance(value, list):
        return [_cleared(v, gone) for v in value if not _is(v, gone)]
    return value


def _is(value: Any, gone: set[str]) -> bool:
    return isinstance(value, str | int | float) and str(value).strip().lower() in gone


def _is_own_act(message: Incoming) -> bool:
    """Something that the person did, or said of themselves on their own device."""
    if message.is_history:
        return False
    return message.type in ACTS or (message.type == "identify" and not message.source.is_verified)


def _refuse(message: Incoming, code: str, reason: str) -> None:
    """Nothing of it is kept: not its text, and no id that its sender gave it."""
    message.refusal = (code, "", reason)
    message.raw, message.message_id = b"", ""


@AFTER_BATCH.register("consent.came_back")
def refuse_marketing(cursor: Any, batch: WrittenBatch) -> None:
    """Of who came back after an erasure: everything but service, until they permit it anew."""
    people = {m.profile_id for m in batch.messages if m.came_back and m.profile_id in batch.created}
    if not people:
        return
    asked = Purpose.objects.exclude(purpose_class=Purpose.Class.TRANSACTIONAL).order_by("id")
    ways = [(purpose.pk, channel) for purpose in asked for channel in _channels(purpose)]
    record_consents(
        [
            Statement(
                person,
                purpose_id,
                channel,
                "denied",
                "consent",
                actor="system",
                evidence={"because": "came back after an erasure"},
            )
            for person in sorted(people)
            for purpose_id, channel in ways
        ]
    )


def _channels(purpose: Purpose) -> list[str]:
    """On which of them it is asked for; what is no message is asked for whatever the channel."""
    is_marketing = purpose.purpose_class == Purpose.Class.MARKETING
    return channel_names() if is_marketing else [EVERY_CHANNEL]
