"""Portions that name different people on one device go in the order of their arrival.

An anonymous id belongs to whom it was first identified with. With several workers the later of two
portions could be done first, and a shared device would go to whoever logged in second. So a portion
looks at what arrived before it and is not done yet, and waits for that where the two disagree about
a device; portions that agree, nearly all, run side by side.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from profiles.calls.messages import Id, Incoming
from profiles.calls.reading import InboxRow
from profiles.identifiers.kinds import KNOWN_KINDS
from profiles.identifiers.normalise import text_of

# Rows that another worker deleted stay visible until it commits.
SELECT_EARLIER = "SELECT id, body, envelope->>'type' FROM inbox WHERE id < %s AND failed_at IS NULL"
WAIT = "SELECT id FROM inbox WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE"
ADDRESS = ""  # somebody who is named by an address or a number; anybody, for our purpose


class OutOfTurn(Exception):
    """What came before was given back to the inbox: take it first."""


class NamedByMessage(msgspec.Struct, rename="camel", gc=False):
    """Of a message, whom it names."""

    type: str | None = None
    user_id: Id = None
    anonymous_id: Id = None
    previous_id: Id = None


_decode = msgspec.json.Decoder(list[NamedByMessage]).decode
People = dict[str, set[str]]  # device -> user ids, or ADDRESS


def wait(cursor: Any, rows: Sequence[InboxRow], messages: Iterable[Incoming]) -> None:
    """Until what arrived earlier and names others on the same devices is done; raises OutOfTurn.

    Call it before anything else is locked: who waits here waits only for rows before all of theirs,
    so that no two wait for each other. At most 2 statements.
    """
    cursor.execute(SELECT_EARLIER, [min(row.id for row in rows)])
    earlier = cursor.fetchall()
    if not earlier:
        return
    mine = _named_here(messages)
    disputed = [
        number for number, body, kind in earlier if _differ(_named_there(bytes(body), kind), mine)
    ]
    if disputed:
        cursor.execute(WAIT, [disputed])
        if cursor.fetchall():
            raise OutOfTurn


def _named_here(messages: Iterable[Incoming]) -> People:
    found: People = defaultdict(set)
    for message in messages:
        devices = [value for kind, value in message.keys if kind == "anonymous_id"]
        known = [key for key in message.keys if key[0] in KNOWN_KINDS]
        for device in devices if known else ():
            kind, value = known[0]
            found[device].add(value if kind == "user_id" else ADDRESS)
    return found


def _named_there(body: bytes, kind: str | None) -> People:
    found: People = defaultdict(set)
    try:
        named = _decode(body)
    except msgspec.MsgspecError:  # whoever works it off will say so
        return found
    for one in named:
        user = text_of(one.user_id)
        if user or (kind or one.type) == "identify":
            for device in (text_of(one.anonymous_id), text_of(one.previous_id)):
                if device and device != user:
                    found[device].add(user or ADDRESS)
    return found


def _differ(theirs: People, mine: People) -> bool:
    return any(
        ADDRESS in users or users != mine[device]
        for device, users in theirs.items()
        if device in mine
    )
