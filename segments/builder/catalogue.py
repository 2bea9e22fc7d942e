"""What the pickers offer: real names and values, with how common each is.

Every question is bounded: it reads an index range or the newest rows, never a whole table, so that
the pickers answer at once on a million people. Shares are of what was looked at.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from config.console.words import capitalised, is_blank, num
from config.workspace.models import User
from consent.channels import addressed_channels
from consent.models import DataField, Purpose
from profiles.identifiers.comparing import CODE, spelling_of
from profiles.language.columns import COLUMNS, LIFECYCLE, PREFIX, column_label
from profiles.language.operators import (
    JSON,
    NUMBER,
    OPERATORS,
    TEXT,
    TIME,
    first_of,
    looks_of,
    operators_of,
    shown,
    usual_of,
)
from profiles.language.subjects import WAY
from profiles.models import Source
from profiles.people.lineage import usable
from profiles.selectors.activity import kind_of
from profiles.selectors.masking import HIDDEN_WORDS, FieldPlace, shown_to
from profiles.selectors.words import trait_label
from segments.models import Segment
from segments.rules import KINDS
from segments.rules.clause import GOT, INTENTS, SOURCES, Choice, Choices

RECENT_DAYS = 30
COUNTED = 2_000  # of each event's name; beyond it "2,000+"
SAMPLED_EVENTS = 1_000
SAMPLED_PEOPLE = 2_000
MOST = 60
LONGEST_VALUE = 120
NAMED_SOURCES = 2
Given = Mapping[str, str]  # what the request asks by
NOTHING: Given = {}


EVENTS = """
SELECT d.name, n.n, d.is_proven FROM event_definition d CROSS JOIN LATERAL (
    SELECT count(*) AS n FROM (SELECT 1 FROM event e WHERE e.name = d.name
        AND e.occurred_at >= %s LIMIT %s) few) n
WHERE NOT d.is_hidden ORDER BY d.is_proven DESC, n.n DESC, d.name LIMIT %s
"""
# what a value looks like (profiles.language.operators.LOOKS); null is none of them
LOOK = """CASE jsonb_typeof(value) WHEN 'number' THEN 'number' WHEN 'boolean' THEN 'truth'
WHEN 'array' THEN 'list' WHEN 'string' THEN
CASE WHEN value #>> '{}' ~ '^\\d{4}-\\d\\d-\\d\\d([T ]|$)' THEN 'moment' ELSE 'text' END END"""
# what lies in an object stands beside it, by its way
KEYS = f"""
SELECT key, sum(n)::bigint AS n, jsonb_object_agg(look, n) FILTER (WHERE look <> '') AS looks
FROM (SELECT key, {LOOK} AS look, count(*) AS n FROM few, LATERAL (
          SELECT o.key, o.value FROM jsonb_each(@) AS o(key, value)
          UNION ALL SELECT o.key || '{WAY}' || i.key, i.value FROM jsonb_each(@) AS o(key, value),
              jsonb_each(CASE WHEN jsonb_typeof(o.value) = 'object' THEN o.value ELSE '{{}}' END)
              AS i(key, value)) AS e(key, value)
      GROUP BY 1, 2) each GROUP BY key
"""  # noqa: S608 - pieces of ours
PROPERTIES = f"""
SELECT key, n, (SELECT count(*) FROM few), looks FROM ({KEYS.replace("@", "properties")}) k
ORDER BY 2 DESC, 1 LIMIT %s
"""  # noqa: S608 - pieces of ours
# the value of a name, or at the end of its way; the name is given twice
AT = f"(SELECT coalesce(@->%s, @#>string_to_array(%s, '{WAY}')) AS value FROM few) v"  # noqa: S608
LOOKS_OF_ONE = f"""
SELECT look, count(*) FROM (SELECT {LOOK} AS look FROM {AT}) l WHERE look <> '' GROUP BY 1
"""  # noqa: S608 - pieces of ours
VALUES_OF_ONE = f"""
SELECT value, count(*), (SELECT count(*) FROM few) FROM {AT}
WHERE jsonb_typeof(value) IN ('string', 'number', 'boolean')
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s
"""  # noqa: S608 - pieces of ours
RARE = 0.05  # of the values; fewer that look so are somebody's mistake
NEWEST_EVENTS = """
WITH few AS (SELECT properties FROM event WHERE name = %s AND occurred_at >= %s
             ORDER BY occurred_at DESC LIMIT %s)
"""
NEWEST_PEOPLE = f"""
WITH few AS (SELECT traits, country, locale, time_zone, lifecycle FROM profile p
             WHERE {usable()} ORDER BY last_seen DESC, id DESC LIMIT %s)
"""  # noqa: S608 - pieces of ours
# a name that a source of ours said is offered, whoever the newest people are
TRAITS = f"""
, held AS ({KEYS.replace("@", "traits")})
SELECT coalesce(h.key, t.name), coalesce(h.n, 0), (SELECT count(*) FROM few), t.is_proven, h.looks
FROM held h FULL JOIN trait_name t ON t.name = h.key
LEFT JOIN trait_name w ON w.name = split_part(h.key, '{WAY}', 1) AND w.is_hidden
WHERE t.is_hidden IS NOT TRUE AND w.name IS NULL AND (h.key IS NOT NULL OR t.is_proven)
ORDER BY t.is_proven IS TRUE DESC, 2 DESC, 1 LIMIT %s
"""  # noqa: S608 - pieces of ours
COLUMN_VALUES = """
SELECT to_jsonb({column}) AS value, count(*), (SELECT count(*) FROM few) FROM few
WHERE {column} <> '' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s
"""


@SOURCES.register("all")
def anything(user: User, given: Given = NOTHING) -> Choices:
    """Everything that a clause can begin with, by what one says with it."""
    clauses = [(kind, each.clause()) for kind, each in KINDS.items()]
    items: list[Choice] = []
    is_less = False
    for kind, clause in sorted(clauses, key=lambda pair: pair[1].order):
        source = SOURCES.get(clause.offers)
        found = source(user, given) if source else Choices([Choice("", capitalised(clause.label))])
        items += [
            replace(choice, kind=kind, also=clause.also, intent=choice.intent or clause.intent)
            for choice in found.items
        ]
        is_less = is_less or str(HIDDEN_WORDS) in found.of
    of = _("Events of the last 30 days; people who have each, counted once a day.")
    # what is a line of its own comes before many names
    order = list(INTENTS)
    items.sort(key=lambda choice: (order.index(choice.intent), choice.value != ""))
    return Choices(items, _less(of, hidden=is_less))


@SOURCES.register("events")
def events(user: User, given: Given = NOTHING) -> Choices:
    """Names of events, with how many there were lately."""
    eyes = shown_to(user)
    since = timezone.now() - timedelta(days=RECENT_DAYS)
    rows = _rows(EVENTS, [since, COUNTED + 1, MOST * 3])
    most = max((n for _name, n, _proven in rows), default=0) or 1
    items = [
        Choice(
            name,
            name,
            "event",
            f"{num(COUNTED)}+" if n > COUNTED else num(n),
            n / most,
            "" if is_proven else _("unproven"),
            intent=GOT if kind_of("track", name) == "messages" else "",
        )
        for name, n, is_proven in rows
        if eyes.may_ask(FieldPlace.EVENT, name) and not eyes.hides_in(name)
    ]
    return Choices(items, _("Events of the last 30 days."))


@SOURCES.register("properties")
def properties(user: User, given: Given = NOTHING) -> Choices:
    """Properties of an event, with how many of the newest events carry each."""
    event = given.get("event", "")
    rows = _rows(NEWEST_EVENTS + PROPERTIES, [*_newest(event), MOST])
    items = [
        Choice(key, key, "", *_part(n, total), op=first_of(JSON, _looks(key, JSON, raw)))
        for key, n, total, raw in rows
        if _may_see(FieldPlace.PROPERTY, key, user)
    ]
    return Choices(items, _less(_of_events(rows), hidden=len(rows) - len(items)))


@SOURCES.register("property-values")
def property_values(user: User, given: Given = NOTHING) -> Choices:
    """Values of a property in the newest events."""
    event, name = given.get("event", ""), given.get("property", "")
    if not _may_see(FieldPlace.PROPERTY, name, user):
        return Choices([], str(HIDDEN_WORDS))
    rows = _rows(
        NEWEST_EVENTS + VALUES_OF_ONE.replace("@", "properties"),
        [*_newest(event), name, name, MOST],
    )
    return Choices(_values(rows, name, user), _of_events(rows))


@SOURCES.register("traits")
def traits(user: User, given: Given = NOTHING) -> Choices:
    """Traits and columns, with how many have each and which sources say so.

    What is called alike but for case or spelling is told apart by how it is sent.
    """
    rows = _rows(NEWEST_PEOPLE + TRAITS, [SAMPLED_PEOPLE, MOST])
    counted = {row.name: row for row in DataField.objects.filter(place=FieldPlace.TRAIT)}
    sources = dict(Source.objects.values_list("pk", "name"))

    def choice(name: str, label: str, looks: Sequence[str], share: float | None, doubt: str):  # type: ignore[no-untyped-def]
        known = counted.get(name)
        told = [sources[pk] for pk in known.source_ids if pk in sources] if known else []
        return Choice(
            name,
            label,
            "trait",
            num(known.people) if known else "" if share is None else _percent(share),
            share,
            doubt,
            detail=_few(told),
            op=first_of(COLUMNS.get(name.removeprefix(PREFIX), JSON), looks),
        )

    items = [
        choice(
            key,
            trait_label(key),
            _looks(key, JSON, raw),
            n / total if total else 0.0,
            _("unproven") if is_proven is False else "",
        )
        for key, n, total, is_proven, raw in rows
        if _may_see(FieldPlace.TRAIT, key, user)
    ]
    columns = [
        choice(
            f"{PREFIX}{name}", capitalised(column_label(name)), _looks(name, type_, None), None, ""
        )
        for name, type_ in COLUMNS.items()
        if name != LIFECYCLE and _may_see(FieldPlace.TRAIT, f"{PREFIX}{name}", user)
    ]
    of = _("People who have each, counted once a day.") if counted else _of_people(rows)
    hidden = len(rows) - len(items)
    return Choices(_told_apart([*items, *columns]), _less(of, hidden=hidden))


def _told_apart(items: list[Choice]) -> list[Choice]:
    """With the name as it is sent where the label does not say it, or says it of two."""
    alike = Counter(_bare(item.label) for item in items)
    told = []
    for item in items:
        is_column = item.value.startswith(PREFIX)
        sent = _("of the profile itself") if is_column else item.value
        twins = alike[_bare(item.label)] > 1
        if twins or (not is_column and _bare(item.label) != _bare(item.value)):
            item = replace(item, detail=" · ".join(filter(None, (sent, item.detail))))  # noqa: PLW2901
        if twins:
            item = replace(item, note=item.note or _("called alike"))  # noqa: PLW2901
        told.append(item)
    return told


def _bare(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _few(names: Sequence[str]) -> str:
    """The first of some sources, and how many more."""
    more = len(names) - NAMED_SOURCES
    if more <= 0:
        return ", ".join(names)
    return _("%(names)s and %(n)s more") % {
        "names": ", ".join(names[:NAMED_SOURCES]),
        "n": more,
    }


@SOURCES.register("operators")
def operators(user: User, given: Given = NOTHING) -> Choices:
    """How a field can be compared: what makes sense for the values seen, the rest one press away.

    `type` is the field's type; `op` the one in force, which is offered whatever it is.
    """
    type_, now = given.get("type", JSON), given.get("op", "")
    if type_ not in (JSON, TEXT, NUMBER, TIME):
        return Choices([])
    name, raw = given.get("property") or given.get("field", ""), None
    if type_ == JSON and name:
        raw = _seen_of(name, given, user)
    usual = usual_of(type_, _looks(name, type_, raw))
    return Choices(
        [
            Choice(each, OPERATORS[each].words(), rare=each not in usual and each != now)
            for each in operators_of(type_)
        ]
    )


def _seen_of(name: str, given: Given, user: User) -> dict[str, int] | None:
    """How often values of the field look how; None for whoever may not see them."""
    is_property = bool(given.get("property"))
    if not _may_see(FieldPlace.PROPERTY if is_property else FieldPlace.TRAIT, name, user):
        return None
    if is_property:
        query = NEWEST_EVENTS + LOOKS_OF_ONE.replace("@", "properties")
        return dict(_rows(query, [*_newest(given.get("event", "")), name, name]))
    query = NEWEST_PEOPLE + LOOKS_OF_ONE.replace("@", "traits")
    return dict(_rows(query, [SAMPLED_PEOPLE, name, name]))


def _looks(name: str, type_: str, raw: Any) -> tuple[str, ...]:
    """What values of the field look like, the most common first; mistakes are left out."""
    seen = json.loads(raw) if isinstance(raw, str) else raw or {}
    least = RARE * sum(seen.values())
    often = sorted((look for look, n in seen.items() if n >= least), key=seen.__getitem__)
    return looks_of(type_, often[::-1], is_code=spelling_of(name) == CODE)


@SOURCES.register("values")
def trait_values(user: User, given: Given = NOTHING) -> Choices:
    """Values of a trait or column among the newest people."""
    field = given.get("field", "")
    column = field.removeprefix("profile.")
    if not _may_see(FieldPlace.TRAIT, field, user):
        return Choices([], str(HIDDEN_WORDS))
    if not field.startswith("profile."):
        rows = _rows(
            NEWEST_PEOPLE + VALUES_OF_ONE.replace("@", "traits"),
            [SAMPLED_PEOPLE, field, field, MOST],
        )
    elif column in ("country", "locale", "time_zone", "lifecycle"):
        query = NEWEST_PEOPLE + COLUMN_VALUES.format(column=column)
        rows = _rows(query, [SAMPLED_PEOPLE, MOST])
    else:
        return Choices([])
    return Choices(_values(rows, column, user), _of_people(rows))


@SOURCES.register("segments")
def segments(user: User, given: Given = NOTHING) -> Choices:
    """Other segments, with their size."""
    rows = Segment.objects.filter(archived_at=None).exclude(slug=given.get("but", ""))[: MOST * 3]
    return Choices(
        [Choice(row.slug, row.name, "segment", num(row.count)) for row in rows],
        _("People in each now."),
    )


@SOURCES.register("purposes")
def purposes(user: User, given: Given = NOTHING) -> Choices:
    """What permission is asked for."""
    return Choices([Choice(row.slug, row.name) for row in Purpose.objects.filter(archived_at=None)])


@SOURCES.register("channels")
def channels(user: User, given: Given = NOTHING) -> Choices:
    """How one is written to."""
    return Choices([Choice(name, name) for name in addressed_channels()])


def _values(rows: list[Any], name: str, user: User) -> list[Choice]:
    """With a doubt beside what is there in another case too, where a rule would tell them apart.

    What looks personal is left out for those who may not see it.
    """
    in_doubt, eyes = not spelling_of(name), shown_to(user)
    items, seen = [], {}  # type: ignore[var-annotated]
    for raw, n, total in rows:
        value = json.loads(raw) if isinstance(raw, str) else raw
        label = str(value).lower() if isinstance(value, bool) else str(value)
        if len(label) > LONGEST_VALUE or eyes.hides_in(label):
            continue
        twin = seen.setdefault(label.strip().casefold(), value)
        note = (
            _("same word, other case")
            if in_doubt and twin != value and isinstance(value, str)
            else ""
        )
        seen_as = shown(label) if is_blank(label) else label
        items.append(Choice(value, seen_as, "", *_part(n, total), note))
    return items


def _part(n: int, total: int) -> tuple[str, float]:
    share = n / total if total else 0.0
    return _percent(share), share


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else "< 1 %"  # noqa: PLR2004 - a percent


def _newest(event: str) -> list[Any]:
    return [event, timezone.now() - timedelta(days=365), SAMPLED_EVENTS]


def _less(of: str, *, hidden: int) -> str:
    """What the numbers are of, and that some names are not shown to this role."""
    return f"{of} {HIDDEN_WORDS}" if hidden else of


def _of_events(rows: list[Any]) -> str:
    return _("Of the newest %(n)s events.") % {"n": num(rows[0][2])} if rows else ""


def _of_people(rows: list[Any]) -> str:
    return _("Of the %(n)s people seen last.") % {"n": num(rows[0][2])} if rows else ""


def _may_see(place: FieldPlace, name: str, user: User) -> bool:
    eyes = shown_to(user)
    return eyes.may_ask(place, name) and not eyes.hides_in(name)


def _rows(query: str, parameters: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())
