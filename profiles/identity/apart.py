"""What was taken apart stays apart: the identifier that two people share joins them no more."""

from collections.abc import Sequence
from typing import Any

from profiles.calls.messages import Incoming
from profiles.identity import store
from profiles.identity.attaching import SHARED_KIND
from profiles.identity.person_traits import digest_of, facts_of
from profiles.identity.resolve import Key


def keep_apart(cursor: Any, messages: Sequence[Incoming], known: store.Known, salt: str) -> None:
    """Take the shared identifier out of calls that name who was taken apart by their own.

    A call by the shared number alone goes to who was taken apart if it says their name. At most one
    statement; none where no call names several people, or a person by a number and a name.
    """
    asked: dict[int, list[tuple[Incoming, Key]]] = {}
    for message in messages:
        if _may_meet_another(message, known):
            for key in message.keys:
                if key in known.ids:
                    asked.setdefault(known.ids[key], []).append((message, key))
    for via, parted in store.load_parted(cursor, asked).items():
        for message, key in asked[via]:
            for one in parted:
                _keep_apart(message, key, one, known, salt)


def _may_meet_another(message: Incoming, known: store.Known) -> bool:
    """Whether it names several people, or comes by a number alone and says a name."""
    keys = message.keys
    if len(keys) > 1:
        owners = {known.owners.get(key) for key in keys}
        owners.discard(None)
        return len(owners) > 1
    return bool(keys and keys[0][0] == SHARED_KIND and facts_of(message.traits))


def _keep_apart(
    message: Incoming, via: Key, one: store.Parted, known: store.Known, salt: str
) -> None:
    if message.keys == [via]:
        if not one.moved and digest_of(facts_of(message.traits), salt) == one.digest:
            message.keys = [one.own]
            known.ids[one.own], known.owners[one.own] = one.own_id, one.owner
            known.proven.add(one.own)
        return
    others = [key for key in message.keys if key != via and key in known.ids]
    is_theirs = any(
        known.owners[key] in (one.person, one.owner) or known.ids[key] in one.moved
        for key in others
    )
    if is_theirs and known.owners[via] != one.owner:
        message.keys = [key for key in message.keys if key != via]
