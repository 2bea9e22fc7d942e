"""Computed traits to start from: what most shops ask of their customers first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from profiles.models import EventDefinition
from segments.builder.starters import ORDER, VIEWED
from segments.models import ComputedTrait

YEAR: Final = {"last": {"days": 365}}


@dataclass(frozen=True)
class TraitStarter:
    """A definition to begin with; `lacks`: its event, where nobody sent it yet."""

    name: str
    label: str | Promise
    definition: Mapping[str, Any]
    lacks: str = ""


def _of(event: str, agg: str, of: str = "", **more: Any) -> Mapping[str, Any]:
    measure = {"agg": agg} | ({"property": of} if of else {})
    return {"event": event, "measure": measure} | more


STARTERS: Final = (
    TraitStarter("orders_ever", _("How many orders, ever"), _of(ORDER, "count")),
    TraitStarter("spent_365d", _("Spent in a year"), _of(ORDER, "sum", "revenue", window=YEAR)),
    TraitStarter("average_order", _("Average order"), _of(ORDER, "avg", "revenue")),
    TraitStarter("days_since_order", _("Days since the last order"), _of(ORDER, "days_since")),
    TraitStarter("first_order_at", _("When the first order was"), _of(ORDER, "first")),
    TraitStarter(
        "bought_most",
        _("The category bought most"),
        _of(ORDER, "most_frequent", "products.category"),
    ),
    TraitStarter(
        "viewed_most",
        _("The category looked at most, in 90 days"),
        _of(VIEWED, "most_frequent", "category", window={"last": {"days": 90}}),
    ),
    TraitStarter("last_viewed", _("The product looked at last"), _of(VIEWED, "last", "name")),
)


def trait_starters() -> list[TraitStarter]:
    """Those that are not there yet; two queries."""
    there = set(ComputedTrait.objects.values_list("name", flat=True))
    events = {str(one.definition["event"]) for one in STARTERS}
    known = set(EventDefinition.objects.filter(name__in=events).values_list("name", flat=True))
    found = []
    for one in STARTERS:
        event = str(one.definition["event"])
        if one.name not in there:
            lacks = "" if event in known else event
            found.append(TraitStarter(one.name, one.label, one.definition, lacks))
    return found


def trait_starter(name: str) -> TraitStarter | None:
    """The one of this name."""
    return next((one for one in STARTERS if one.name == name), None)
