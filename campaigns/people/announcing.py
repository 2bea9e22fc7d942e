"""Tells the rules that something came of messages (the kind `message` asks by it)."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from profiles.changes import announce, announce_each
from profiles.people.lineage import today_of

MESSAGE: Final = "message:"  # with a status: "message:sent"
# what a state of a message may change of the answers
_BY_STATE: Final[Mapping[str, tuple[str, ...]]] = {
    "sent": ("sent", "delivered"),
    "delivered": ("sent", "delivered"),
    "bounced": ("sent", "delivered", "bounced"),
}


def announce_states(rows: Iterable[tuple[int, str]]) -> None:
    """`rows` of (whose the message is, its new state), in the transaction that wrote it."""
    rows = [(owner, state) for owner, state in rows if state in _BY_STATE]
    today = today_of({owner for owner, _state in rows})
    changed: dict[int, set[str]] = {}
    for owner, state in rows:
        names = (MESSAGE + status for status in _BY_STATE[state])
        changed.setdefault(today[owner], set()).update(names)
    announce_each(changed)


def announce_status(owners: Collection[int], status: str) -> None:
    """The same of a status that is no state, as "converted"."""
    announce(set(today_of(set(owners)).values()), [MESSAGE + status])
