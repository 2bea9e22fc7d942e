"""What systems of others are told of people: their ids, and of whom nothing.

The gate at forwarding: of a restricted person only what makes others stop is handed on (a refusal,
who left), and of somebody who is not there any more nothing. Who was merged is named as who they
are today. Asked when the call is made.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from config.workspace.models import WebhookDelivery
from profiles.models import Profile
from profiles.people import lineage

_TOLD: Final = f"""
SELECT h.id, t.public_id, h.public_id, t.state FROM profile h
JOIN profile t ON t.id = {lineage.today("h")} WHERE h.id = ANY(%s)
"""  # noqa: S608 - pieces of ours
Given = Mapping[str, Any]


@dataclass(frozen=True)
class ToldPerson:
    """A person as others know them: `id` is who they are today, `own_id` who they were then."""

    id: str
    own_id: str
    state: str

    @property
    def is_there(self) -> bool:
        """Whether they may be named at all."""
        return self.state not in Profile.GONE

    @property
    def is_free(self) -> bool:
        """Whether all may be told of them."""
        return self.state == Profile.State.ACTIVE


def told_people(ids: Collection[int]) -> dict[int, ToldPerson]:
    """By the id that was kept. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_TOLD, [list(ids)])
        rows = cursor.fetchall()
    return {row[0]: ToldPerson(str(row[1]), str(row[2]), row[3]) for row in rows}


def _of(rows: Sequence[WebhookDelivery]) -> dict[int, ToldPerson]:
    return told_people({number for row in rows for number in row.people})


def about_one(
    stops: Callable[[Given], bool] = lambda data: False,
) -> Callable[[Sequence[WebhookDelivery]], list[Given | None]]:
    """`data` with `person`. What `stops` something is told of a restricted person too."""

    def compose(rows: Sequence[WebhookDelivery]) -> list[Given | None]:
        people = _of(rows)
        found: list[Given | None] = []
        for row in rows:
            one = people.get(row.people[0]) if row.people else None
            told = one and (one.is_free or (one.is_there and stops(row.data)))
            found.append({"person": one.id, **row.data} if one and told else None)
        return found

    return compose


def about_many(*, stops: bool = False) -> Callable[[Sequence[WebhookDelivery]], list[Given | None]]:
    """`data` with `people`, each once."""

    def compose(rows: Sequence[WebhookDelivery]) -> list[Given | None]:
        people = _of(rows)
        found: list[Given | None] = []
        for row in rows:
            named = [people[number] for number in row.people if number in people]
            ids = [one.id for one in named if one.is_free or (stops and one.is_there)]
            found.append({**row.data, "people": list(dict.fromkeys(ids))} if ids else None)
        return found

    return compose


def about_a_join(rows: Sequence[WebhookDelivery]) -> list[Given | None]:
    """`person` is who is left, `former` who they are no longer. Also of a restricted person: who
    does not know of it would go on with two.
    """
    people = _of(rows)
    found: list[Given | None] = []
    for row in rows:
        one, *former = (people.get(number) for number in row.people)
        others = [other.own_id for other in former if other]
        told = one and one.is_there and others
        found.append({"person": one.id, "former": others, **row.data} if one and told else None)
    return found
