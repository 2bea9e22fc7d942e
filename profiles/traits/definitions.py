"""What the events' names mean: value, slots, and what was seen of their properties."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from config.postgres.wire import loads
from config.workspace.zones import workspace_zone
from profiles import money
from profiles.calls import limits
from profiles.calls.messages import Incoming, Origin
from profiles.traits.names import Names, save_traits

OUT_OF_RANGE = "value_out_of_range"
LEAST_AMOUNT = 1e-9  # what is smaller is nothing, and no quotient of it is out of range
SEEN_EVERY = timedelta(minutes=1)  # a definition's last_seen is no hotter than that
MAX_PROPERTIES = 300  # remembered of one name
JSON_TYPES = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    list: "array",
    dict: "object",
}
SELECT = """
    SELECT name, value_property, value_sign, is_money, is_conversion, slots, schema, last_seen,
           is_proven
    FROM event_definition WHERE name = ANY(%s)
"""
UPSERT = """
    INSERT INTO event_definition (name, value_property, value_sign, is_money, is_conversion,
                                  numbers, slots, schema, tags, first_seen, last_seen, is_proven,
                                  is_hidden, made_by_id, made_at)
    SELECT name, '', 1, false, false, '{}', '{}', schema, '{}', first_at, last_at, proven, false,
           source_id, now()
    FROM unnest(%s::text[], %s::jsonb[], %s::timestamptz[], %s::timestamptz[], %s::boolean[],
                %s::bigint[])
         AS seen(name, schema, first_at, last_at, proven, source_id)
    ON CONFLICT (name) DO UPDATE SET
        is_proven = event_definition.is_proven OR EXCLUDED.is_proven,
        schema = (SELECT coalesce(jsonb_object_agg(coalesce(o.key, n.key),
                              coalesce(o.value, '{}') || coalesce(n.value, '{}')), '{}')
                  FROM jsonb_each(event_definition.schema) o
                  FULL JOIN jsonb_each(EXCLUDED.schema) n ON n.key = o.key),
        first_seen = least(event_definition.first_seen, EXCLUDED.first_seen),
        last_seen = greatest(event_definition.last_seen, EXCLUDED.last_seen)
"""
WITHHELD = "withheld"  # by who it is of: heard, and not stored
TOO_MANY_NAMES = "too_many_names"  # a public key made up so many today
MAX_DETAIL, MAX_EXAMPLE = 200, 100  # characters
MOST_WARNINGS = 200  # rows of one source and code: events' names come from outside
WARNED = """
    SELECT source_id, code, count(*) FROM data_warning
    WHERE (source_id, code) IN (SELECT * FROM unnest(%s::bigint[], %s::text[])) GROUP BY 1, 2
"""
KNOWN = """
    SELECT source_id, code, event_name, detail FROM data_warning
    WHERE (source_id, code, event_name, detail)
          IN (SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]))
"""
WARN = """
    INSERT INTO data_warning (source_id, code, event_name, detail, count, example, first_seen,
                              last_seen)
    VALUES (%s, %s, %s, %s, %s, %s, now(), now())
    ON CONFLICT (source_id, code, event_name, detail) DO UPDATE
    SET count = data_warning.count + EXCLUDED.count, last_seen = now(),
        example = coalesce(nullif(EXCLUDED.example, ''), data_warning.example)
"""


Warned = tuple[int, str, str, str]  # source, code, event's name, detail


@dataclass
class Definition:
    """A row of event_definition, or what a new one would be."""

    value_property: str = ""
    sign: int = 1
    is_money: bool = False
    is_conversion: bool = False
    slots: dict[str, str] = field(default_factory=dict)  # slot -> property
    schema: dict[str, dict[str, bool]] = field(default_factory=dict)
    last_seen: datetime | None = None


class Catalog:
    """The definitions of a batch's names; gathers what is new about them until `save`."""

    def __init__(self, cursor: Any, names: Sequence[str]) -> None:
        cursor.execute(SELECT, [list(names)])
        rows = cursor.fetchall()
        self._found = {row[0]: _definition(row) for row in rows}
        self._names = Names("event_definition", {row[0]: row[-1] for row in rows})
        self._new: dict[str, dict[str, dict[str, bool]]] = {}
        self._seen: dict[str, tuple[datetime, datetime]] = {}
        self._warnings: Counter[Warned] = Counter()
        self._examples: dict[Warned, str] = {}
        needs_rates = any(definition.is_money for definition in self._found.values())
        self._rates = money.rates() if needs_rates else None
        self._zone = workspace_zone()  # whose day's rate a conversion takes

    def of(self, name: str) -> Definition:
        """The definition of this name, a plain one if it is new."""
        definition = self._found.get(name)
        if definition is None:
            definition = self._found[name] = Definition()
        return definition

    def note(self, message: Incoming) -> None:
        """Remember the name, and which properties came with which types."""
        definition = self.of(message.name)
        for dropped, given in message.dropped:
            self.warn(message, "unusable_identifier", dropped, given)
        for left_out in message.left_out:
            self.warn(message, "identifier_of_another", left_out)
        for sent_away in message.sent_away:
            self.warn(message, "identifier_sent_away", sent_away)
        if self._names.said.get(message.name) is not message.source:
            self._names.note(message.name, message.source)
        at = message.occurred_at
        first, last = self._seen.get(message.name, (at, at))
        if at <= first or at >= last:
            self._seen[message.name] = (min(first, at), max(last, at))
        schema = definition.schema
        most = MAX_PROPERTIES if message.source.is_verified else MAX_PROPERTIES // 2
        for name, value in message.properties.items():
            kind = JSON_TYPES.get(type(value))
            if kind is None or (name in schema and kind in schema[name]):
                continue
            if name in schema or (len(schema) < most and len(name) <= limits.MAX_SLOT):
                schema.setdefault(name, {})[kind] = True
                self._new.setdefault(message.name, {}).setdefault(name, {})[kind] = True

    def value_of(self, message: Incoming) -> float | None:
        """The event's number: money in workspace currency, negative for refunds; or None."""
        definition = self.of(message.name)
        if not definition.value_property:
            return None
        given = message.properties.get(definition.value_property)
        if given is None and definition.value_property == "revenue":
            given = message.properties.get("total")  # what simpler shops and files send
        if given is None:
            return None
        number = as_number(given)
        if number is None:
            self._warn_of(message, given, definition.value_property)
            return None
        number = 0.0 - abs(number) if definition.sign < 0 else number
        if not definition.is_money or self._rates is None:
            return number
        currency = message.properties.get("currency")
        converted = self._rates.convert(
            number, currency, message.occurred_at.astimezone(self._zone).date()
        )
        if converted is None:
            self.warn(message, "unknown_currency", str(currency)[:20], number)
        elif abs(converted) > limits.MAX_AMOUNT:
            self.warn(message, OUT_OF_RANGE, definition.value_property, given)
            return None
        return converted

    def item_number(self, message: Incoming, product: dict[str, Any], name: str) -> float | None:
        """The number under `name` of a product; None where it is missing or cannot be used."""
        given = product.get(name)
        number = as_number(given)
        if given is not None and number is None:
            self._warn_of(message, given, f"products.{name}")
        return number

    def _warn_of(self, message: Incoming, given: Any, name: str) -> None:
        is_large = as_number(given, most=math.inf) is not None
        self.warn(message, OUT_OF_RANGE if is_large else "value_not_a_number", name, given)

    def slots_of(self, message: Incoming) -> tuple[str | None, str | None]:
        """What goes into k1 and k2."""
        slots = self.of(message.name).slots
        if not slots:
            return None, None
        properties = message.properties
        return slot_text(properties.get(slots.get("k1", ""))), slot_text(
            properties.get(slots.get("k2", ""))
        )

    def save(self, cursor: Any) -> None:
        """Write new names, properties and warnings; last of all, since these rows are hot."""
        names, refused = self._names, self._names.refused(cursor)
        for name, source in refused.items():
            self._warnings[source.id, TOO_MANY_NAMES, name, "event"] += 1
        rows = [
            (
                name,
                Jsonb(self._new.get(name, {})),
                first,
                last,
                names.said[name].is_verified,
                names.said[name].id,
            )
            for name, (first, last) in sorted(self._seen.items())
            if name not in refused
            if name in self._new or names.is_news(name) or self._is_stale(name, last)
        ]
        if rows:
            cursor.execute(UPSERT, [list(column) for column in zip(*rows, strict=True)])
        if self._warnings:
            bounded = _bounded(cursor, self._warnings)
            examples = self._examples
            rows_of_warnings = [
                (*key, n, examples.get(key, "")) for key, n in sorted(bounded.items())
            ]
            cursor.executemany(WARN, rows_of_warnings)

    def _is_stale(self, name: str, last: datetime) -> bool:
        seen = self.of(name).last_seen
        return seen is None or last - seen > SEEN_EVERY

    def note_traits(self, cursor: Any, said: Iterable[tuple[str, Origin]]) -> None:
        """Remember the names of traits."""
        for name, source in save_traits(cursor, said).items():
            self._warnings[source.id, TOO_MANY_NAMES, name, "trait"] += 1

    def warn_of(self, messages: Iterable[Incoming]) -> None:
        """Count what others found in them, and what is withheld by the event's name."""
        for message in messages:
            for code, detail, example in message.warnings:
                self._count((message.source.id, code, "", detail[:MAX_DETAIL]), example)
            if message.is_withheld:
                self.warn(message, WITHHELD, "")

    def warn(self, message: Incoming, code: str, detail: str, example: Any = "") -> None:
        """Count something about the data that is not as it should be; `example` is what came."""
        self._count((message.source.id, code, message.name, detail.replace("\0", "")), example)

    def _count(self, key: Warned, example: Any) -> None:
        self._warnings[key] += 1
        if example != "" and key not in self._examples:
            text = example if isinstance(example, str) else json.dumps(example, ensure_ascii=False)
            self._examples[key] = text[:MAX_EXAMPLE].replace("\0", "")


def _bounded(cursor: Any, warnings: Counter[Warned]) -> Counter[Warned]:
    """With so many rows of a source and code, new names are counted under none. Two queries."""
    pairs = sorted({key[:2] for key in warnings})
    cursor.execute(WARNED, [list(column) for column in zip(*pairs, strict=True)])
    there = Counter({(source_id, code): n for source_id, code, n in cursor.fetchall()})
    cursor.execute(KNOWN, [list(column) for column in zip(*sorted(warnings), strict=True)])
    known = set(cursor.fetchall())
    found: Counter[Warned] = Counter()
    for key, n in sorted(warnings.items()):
        is_new = key not in known
        there[key[:2]] += is_new
        found[(*key[:2], "", "") if is_new and there[key[:2]] > MOST_WARNINGS else key] += n
    return found


def as_number(value: Any, most: float = limits.MAX_AMOUNT) -> float | None:
    """A number of at most `most` either way, also out of a text like "12.50"; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > limits.MAX_NUMBER_CHARS:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(number) or abs(number) > most:
        return None
    return number if abs(number) >= LEAST_AMOUNT else 0.0


def slot_text(value: Any) -> str | None:
    """What a slot holds of a property: a text or number as jsonb's ->> would give it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return value[: limits.MAX_SLOT] if isinstance(value, str) else None


def _definition(row: tuple[Any, ...]) -> Definition:
    _name, prop, sign, is_money, is_conversion, slots, schema, last_seen, _is_proven = row
    by_slot = {
        entry["slot"]: name
        for name, entry in loads(slots).items()
        if isinstance(entry, dict) and "slot" in entry
    }
    return Definition(prop, sign, is_money, is_conversion, by_slot, loads(schema), last_seen)
