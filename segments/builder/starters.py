"""Segments to start from: what most shops ask first, as rules that one changes on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from profiles.models import EventDefinition, TraitName
from segments.rules import KINDS

ORDER, ADDED, VIEWED = "Order Completed", "Product Added", "Product Viewed"
Rule = Mapping[str, Any]


def _all(*conditions: Rule) -> Rule:
    return {"match": "all", "conditions": list(conditions)}


def _none(*conditions: Rule) -> Rule:
    return {"match": "none", "conditions": list(conditions)}


def _event(name: str, days: int | None = None, **fields: Any) -> Rule:
    window = {"window": {"last": {"days": days}}} if days else {}
    return {"kind": "event", "name": name} | window | fields


def _trait(field: str, op: str, value: Any) -> Rule:
    return {"kind": "trait", "field": field, "op": op, "value": value}


def _message(status: str, days: int, **fields: Any) -> Rule:
    of = {"campaign": "", "channel": "", "window": {"last": {"days": days}}}
    return {"kind": "message", "status": status} | of | fields


NEVER: Final[Rule] = {"count": {"op": "eq", "value": 0}}


@dataclass(frozen=True)
class SegmentStarter:
    """A rule to begin with. `lacks`: an event or trait that it asks by and that nobody sent yet."""

    key: str
    group: str | Promise
    name: str | Promise
    rule: Rule
    events: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()
    lacks: str = ""

    @property
    def kinds(self) -> set[str]:
        """Which kinds of condition it needs."""
        return {str(each["kind"]) for each in _conditions(self.rule)}


def _conditions(rule: Rule) -> list[Rule]:
    if "match" not in rule:
        return [rule]
    return [one for part in rule["conditions"] for one in _conditions(part)]


_LIFE, _VALUE, _ACTIVE = _("Life cycle"), _("Value"), _("Activity")
_CART, _RISK, _WHO = _("Cart"), _("At risk"), _("About them")
STARTERS: Final = (
    SegmentStarter(
        "new-people", _LIFE, _("New this week"),
        _all(_trait("profile.first_seen", "in_last", {"days": 7})),
    ),
    SegmentStarter(
        "first-order", _LIFE, _("First order in the last 30 days"),
        _all(_event(ORDER, 30, which="first")), (ORDER,),
    ),
    SegmentStarter(
        "never-bought", _LIFE, _("Looked around and never bought"),
        _all(_event(VIEWED, 90), _event(ORDER, **NEVER)), (VIEWED, ORDER),
    ),
    SegmentStarter(
        "best-buyers", _VALUE, _("Spent more than 250 in a year"),
        _all(_event(
            ORDER, 365, measure={"agg": "sum", "property": "revenue", "op": "gt", "value": 250},
        )), (ORDER,),
    ),
    SegmentStarter(
        "regulars", _VALUE, _("Bought at least three times in a year"),
        _all(_event(ORDER, 365, count={"op": "gte", "value": 3})), (ORDER,),
    ),
    SegmentStarter(
        "active", _ACTIVE, _("Here in the last 7 days"),
        _all(_trait("profile.last_seen", "in_last", {"days": 7})),
    ),
    SegmentStarter(
        "clickers", _ACTIVE, _("Clicked in a message in the last 60 days"),
        _all(_message("clicked", 60)),
    ),
    SegmentStarter(
        "left-cart", _CART, _("Left something in the cart"),
        _all({
            "kind": "sequence", "steps": [{"name": ADDED}], "without": [{"name": ORDER}],
            "within": {"hours": 1}, "window": {"last": {"days": 3}},
        }), (ADDED,),
    ),
    SegmentStarter(
        "viewed-not-bought", _CART, _("Viewed a product and did not buy the same"),
        _all({
            "kind": "sequence", "steps": [{"name": VIEWED}], "same": "product_id",
            "without": [{"name": ORDER, "same": "products.product_id"}],
            "window": {"last": {"days": 14}},
        }), (VIEWED,),
    ),
    SegmentStarter(
        "lapsed", _RISK, _("Bought once, and not for half a year"),
        _all(_event(ORDER), _event(ORDER, 180, **NEVER)), (ORDER,),
    ),
    SegmentStarter(
        "silent", _RISK, _("Got our messages and opened none in 90 days"),
        _all(
            _message("delivered", 90, count={"op": "gte", "value": 3}),
            _message("opened", 90, **NEVER),
        ),
    ),
    SegmentStarter(
        "gone-quiet", _RISK, _("Not seen for 90 days"),
        _all(_none(_trait("profile.last_seen", "in_last", {"days": 90}))),
    ),
    SegmentStarter(
        "birthday", _WHO, _("Birthday within a week"),
        _all(_trait("birthday", "anniversary_in", {"days": 7})), (), ("birthday",),
    ),
    SegmentStarter(
        "country", _WHO, _("In some countries"),
        _all(_trait("profile.country", "in", [])),
    ),
)  # fmt: skip


def starter(key: str) -> SegmentStarter | None:
    """The one of this key."""
    return next((each for each in STARTERS if each.key == key), None)


def starters() -> list[tuple[str | Promise, list[SegmentStarter]]]:
    """By group; with what each lacks here. Two queries."""
    events = {name for each in STARTERS for name in each.events}
    traits = {name for each in STARTERS for name in each.traits}
    seen = EventDefinition.objects.filter(name__in=events, last_seen__isnull=False)
    there = set(seen.values_list("name", flat=True))
    there |= set(TraitName.objects.filter(name__in=traits).values_list("name", flat=True))
    groups: dict[str | Promise, list[SegmentStarter]] = {}
    for each in STARTERS:
        if each.kinds <= KINDS.keys():
            lacking = [name for name in (*each.events, *each.traits) if name not in there]
            known = replace(each, lacks=lacking[0] if lacking else "")
            groups.setdefault(each.group, []).append(known)
    return list(groups.items())
