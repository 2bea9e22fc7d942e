"""What webhooks are told of people as such: who is new, and who turned out to be one or two."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from config.workspace.models import WebhookDelivery
from config.workspace.outgoing.kinds import KINDS, EventKind
from config.workspace.outgoing.notices import tell, tell_many
from profiles.people.forwarding import about_a_join, about_many, told_people

CREATED: Final = "profile.created"
MERGED: Final = "profile.merged"
UNMERGED: Final = "profile.unmerged"
PEOPLE: Final = _("People")
FREE: Final = _("Not of restricted people.")
ALL: Final = _("Of restricted people too.")
_ONE, _OTHER = "6f1c6f0e-5a2b-4c0e-9b1d-0d5f3d7d3a11", "0a9f0d5c-3f0e-4f5e-8f62-1d1c3b5a7e22"


def created(people: Iterable[int]) -> None:
    """These are new. Two statements at most."""
    tell_many(CREATED, {}, sorted(people))


def merged(pairs: Iterable[Sequence[int]]) -> None:
    """Each as (who is left, who was absorbed)."""
    tell(MERGED, [({}, list(pair)) for pair in pairs])


def unmerged(owner: int, person: int) -> None:
    """Who had been one are two again."""
    tell(UNMERGED, [({}, [owner, person])])


def _about_two(rows: Sequence[WebhookDelivery]) -> list[Mapping[str, Any] | None]:
    people = told_people({number for row in rows for number in row.people})
    found: list[Mapping[str, Any] | None] = []
    for row in rows:
        both = [one for number in row.people if (one := people.get(number)) and one.is_there]
        ids = list(dict.fromkeys(one.id for one in both))
        two = len(ids) == 2  # noqa: PLR2004 - else they are one again, or somebody is gone
        found.append({"person": ids[0], "apart": ids[1], **row.data} if two else None)
    return found


KINDS.register(CREATED, order=10)(
    EventKind(
        PEOPLE,
        _("Person created"),
        _("Somebody was not known before. Up to 100 people in one call."),
        {"people": [_ONE]},
        about_many(),
        FREE,
    )
)
KINDS.register(MERGED, order=11)(
    EventKind(
        PEOPLE,
        _("People merged"),
        _("Who were two turned out to be one; the former id leads to the person for ever."),
        {"person": _ONE, "former": [_OTHER]},
        about_a_join,
        ALL,
    )
)
KINDS.register(UNMERGED, order=12)(
    EventKind(
        PEOPLE,
        _("People taken apart"),
        _("A merge was undone: who was one is two again."),
        {"person": _ONE, "apart": _OTHER},
        _about_two,
        ALL,
    )
)
