"""What the pickers offer: real names and values, with how common each is.

Every question is bounded: it reads an index range or the newest rows, never a whole table, so that
the pickers answer at once on a million people. Shares are of what was looked at.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from config.console.words import capitalised, is_blank, num
from config.workspace.models import User
from consent.channels import addressed_channels
from consent.models import Purpose
from profiles.identifiers.comparing import spelling_of
from profiles.language.columns import COLUMNS, column_label
from profiles.language.operators.base import shown
from profiles.people.lineage import usable
from profiles.selectors.masking import HIDDEN_WORDS, FieldPlace, shown_to
from segments.models import Segment
from segments.rules import KINDS
from segments.rules.clause import SOURCES, Choice, Choices

RECENT_DAYS = 30
COUNTED = 2_000  # of each event's name; beyond it "2,000+"
SAMPLED_EVENTS = 1_000
SAMPLED_PEOPLE = 2_000
MOST = 60
LONGEST_VALUE = 120
Given = Mapping[str, str]  # what the request asks by
NOTHING: Given = {}


EVENTS = """
SELECT d.name, n.n, d.is_proven FROM event_definition d CROSS JOIN LATERAL (
    SELECT count(*) AS n FROM (SELECT 1 FROM event e WHERE e.name = d.name
        AND e.occurred_at >= %s LIMIT %s) few) n
WHERE NOT d.is_hidden ORDER BY d.is_proven DESC, n.n DESC, d.name LIMIT %s
"""
PROPERTIES = """
SELECT key, count(*), (SELECT count(*) FROM few) FROM few, jsonb_object_keys(properties) AS key
GROUP BY key ORDER BY 2 DESC, 1 LIMIT %s
"""
PROPERTY_VALUES = """
SELECT properties->%s AS value, count(*), (SELECT count(*) FROM few) FROM few
WHERE jsonb_typeof(properties->%s) IN ('string', 'number', 'boolean')
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s
"""
NEWEST_EVENTS = """
WITH few AS (SELECT properties FROM event WHERE name = %s AND occurred_at >= %s
             ORDER BY occurred_at DESC LIMIT %s)
"""
NEWEST_PEOPLE = f"""
WITH few AS (SELECT traits, country, locale, time_zone, lifecycle FROM profile p
             WHERE {usable()} ORDER BY last_seen DESC, id DESC LIMIT %s)
"""  # noqa: S608 - pieces of ours
# a name that a source of ours said is offered, whoever the newest people are
TRAITS = """
, held AS (SELECT key, count(*) AS n FROM few, jsonb_object_keys(traits) AS key GROUP BY key)
SELECT coalesce(h.key, t.name), coalesce(h.n, 0), (SELECT count(*) FROM few), t.is_proven
FROM held h FULL JOIN trait_name t ON t.name = h.key
WHERE t.is_hidden IS NOT TRUE AND (h.key IS NOT NULL OR t.is_proven)
ORDER BY t.is_proven IS TRUE DESC, 2 DESC, 1 LIMIT %s
"""
TRAIT_VALUES = """
SELECT traits->%s AS value, count(*), (SELECT count(*) FROM few) FROM few
WHERE jsonb_typeof(traits->%s) IN ('string', 'number', 'boolean')
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s
"""
COLUMN_VALUES = """
SELECT to_jsonb({column}) AS value, count(*), (SELECT count(*) FROM few) FROM few
WHERE {column} <> '' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s
"""


@SOURCES.register("all")
def anything(user: User, given: Given = NOTHING) -> Choices:
    """Everything that a clause can begin with, by kind."""
    clauses = [(kind, each.clause()) for kind, each in KINDS.items()]
    items: list[Choice] = []
    is_less = False
    for kind, clause in sorted(clauses, key=lambda pair: pair[1].order):
        source = SOURCES.get(clause.offers)
        found = source(user, given) if source else Choices([Choice("", capitalised(clause.label))])
        items += [replace(choice, kind=kind) for choice in found.items]
        is_less = is_less or str(HIDDEN_WORDS) in found.of
    of = _("Events of the last 30 days; traits of the newest people.")
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
        Choice(key, key, "", *_part(n, total))
        for key, n, total in rows
        if _may_see(FieldPlace.PROPERTY, key, user)
    ]
    return Choices(items, _less(_of_events(rows), hidden=len(rows) - len(items)))


@SOURCES.register("property-values")
def property_values(user: User, given: Given = NOTHING) -> Choices:
    """Values of a property in the newest events."""
    event, name = given.get("event", ""), given.get("property", "")
    if not _may_see(FieldPlace.PROPERTY, name, user):
        return Choices([], str(HIDDEN_WORDS))
    rows = _rows(NEWEST_EVENTS + PROPERTY_VALUES, [*_newest(event), name, name, MOST])
    return Choices(_values(rows, name, user), _of_events(rows))


@SOURCES.register("traits")
def traits(user: User, given: Given = NOTHING) -> Choices:
    """Traits and columns, with how many of the newest people have each."""
    rows = _rows(NEWEST_PEOPLE + TRAITS, [SAMPLED_PEOPLE, MOST])
    columns = [
        Choice(f"profile.{name}", column_label(name).capitalize(), "trait")
        for name in COLUMNS
        if _may_see(FieldPlace.TRAIT, f"profile.{name}", user)
    ]
    items = [
        Choice(key, key, "trait", *_part(n, total), _("unproven") if is_proven is False else "")
        for key, n, total, is_proven in rows
        if _may_see(FieldPlace.TRAIT, key, user)
    ]
    return Choices([*items, *columns], _less(_of_people(rows), hidden=len(rows) - len(items)))


@SOURCES.register("values")
def trait_values(user: User, given: Given = NOTHING) -> Choices:
    """Values of a trait or column among the newest people."""
    field = given.get("field", "")
    column = field.removeprefix("profile.")
    if not _may_see(FieldPlace.TRAIT, field, user):
        return Choices([], str(HIDDEN_WORDS))
    if not field.startswith("profile."):
        rows = _rows(NEWEST_PEOPLE + TRAIT_VALUES, [SAMPLED_PEOPLE, field, field, MOST])
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
    return f"{100 * share:.0f} %" if share >= 0.01 else "< 1 %", share  # noqa: PLR2004 - a percent


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
