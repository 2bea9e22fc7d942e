"""How a computed trait reads and is changed on a page: the words of one sentence, as of a clause.

On the page a definition is flat, so that the builder's words can change it: `agg`, `property`,
`per`, `counted`, `name` (the event), `window`, `where`.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from profiles.language.measures import (
    COUNT,
    DAYS_SINCE,
    FIRST,
    HOUR,
    LAST,
    MOST_FREQUENT,
    OF_EITHER,
    OF_EVENTS,
    RATIO,
    SHARE,
    TOP,
    UNIQUE_LIST,
    WEEKDAY,
    Aggregate,
)
from segments.rules.clause import (
    DID,
    EVENT,
    NUMBER,
    Clause,
    Spec,
    choose,
    pick,
    property_words,
    several,
    text,
    window,
)

KIND: Final = "computed"
# without a property, when it was
_TIMES: Final = {"first_time": FIRST, "last_time": LAST}
_AGGREGATES: Final = (
    *(COUNT, "sum", "avg", "min", "max", MOST_FREQUENT, TOP, FIRST, LAST, UNIQUE_LIST),
    *("count_distinct", RATIO, SHARE, DAYS_SINCE, HOUR, WEEKDAY),
)
START: Final = {"event": "", "measure": {"agg": COUNT}}


def clause() -> Clause:
    """The sentence: "total revenue of Order Completed in the last 90 days, where ..."."""
    plain = [{"agg": agg} for agg in (*OF_EVENTS, *_TIMES)]
    parts: list[Spec] = [
        choose("agg", _ways(), name="agg", look=NUMBER),
        pick(
            "property",
            "properties",
            name="property",
            free=True,
            ask={"event": "name"},
            unless=plain,
        ),
        *_only_of(RATIO, _divided()),
        *_only_of(SHARE, _counted()),
        text(pgettext("total revenue of Order Completed", "of")),
        pick("name", "events", name="name", look=EVENT, free=True),
        window("window"),
        several(
            "where",
            ", " + _("where"),
            property_words(),
            prefix="w",
            add=_("where"),
            start={"property": "", "op": "eq", "value": ""},
        ),
    ]
    return Clause(label=_("computed trait"), intent=DID, parts=parts, start={})


def _only_of(agg: str, *parts: Spec) -> list[Spec]:
    """Parts that stand with this one alone."""
    others = [{"agg": other} for other in (*_AGGREGATES, *_TIMES) if other != agg]
    return [part | {"unless": others} for part in parts]


def _divided() -> Spec:
    of = {"event": "name"}
    return pick("per", "properties", name="per", free=True, ask=of)


def _counted() -> Spec:
    start = {"property": "", "op": "eq", "value": ""}
    more: dict[str, Any] = {"add": _("which are counted"), "start": start, "least": 1}
    return several("counted", "", property_words(), prefix="c", **more)


def _ways() -> dict[str, str]:
    words = {agg: Aggregate(agg, "…", "…").describe() for agg in _AGGREGATES}
    words |= {way: Aggregate(agg).describe() for way, agg in _TIMES.items()}
    words[UNIQUE_LIST] = _("all, each once")
    words[RATIO] = pgettext("one total divided by another", "ratio of totals:")
    return {
        agg: said.replace("…", "").replace("  ", " ").strip(" ,") for agg, said in words.items()
    }


def as_node(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A definition as the page changes it."""
    measure = definition.get("measure") or {"agg": COUNT}
    agg, of = measure.get("agg", COUNT), measure.get("property", "")
    if agg in OF_EITHER and not of:
        agg = f"{agg}_time"
    node = {"kind": KIND, "agg": agg, "property": of, "name": definition.get("event", "")}
    kept = {name: definition[name] for name in ("window", "where") if definition.get(name)}
    more = {"per": measure.get("per", ""), "counted": measure.get("where") or []}
    return node | kept | more


def as_definition(node: Mapping[str, Any]) -> dict[str, Any]:
    """What the page sends, as a definition; it is read, and refused, like any other."""
    agg = node.get("agg", "")
    measure = {"agg": _TIMES.get(agg, agg) if isinstance(agg, str) else agg}
    if agg not in (*OF_EVENTS, *_TIMES):
        measure["property"] = node.get("property", "")
    if agg == RATIO:
        measure["per"] = node.get("per", "")
    if agg == SHARE:
        measure["where"] = node.get("counted") or []
    kept = {name: node[name] for name in ("window", "where") if node.get(name)}
    return {"event": node.get("name", ""), "measure": measure} | kept
