"""The profile rows of a batch: made, or brought up to date, with what is derived from traits."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

import msgspec

from config.postgres import wire
from config.postgres.wire import copy, json_text, loads, moment, text
from profiles.calls import limits
from profiles.calls.messages import Incoming
from profiles.identifiers.kinds import PROFILE_KIND
from profiles.identity.store import Newcomer, take_ids

PROFILE_COLUMNS = (
    "id, public_id, bucket, state, is_test, display_name, time_zone, locale, country,"
    " lifecycle, first_seen, last_seen, traits"
)
KEY_COLUMNS = "id, kind, value, profile_id"
IDENTIFIER_COLUMNS = (
    "id, kind, value, raw_value, profile_id, verified_at, first_source_id, first_seen, last_seen,"
    " deliverability"
)
# Locks them, in the order of their ids, and says what was there before.
HOLD = """
    UPDATE profile p SET state = p.state
    FROM (SELECT unnest(%s::bigint[]) AS id ORDER BY 1) AS wanted
    WHERE p.id = wanted.id RETURNING p.id, p.traits
"""
UPDATE_SEEN = """
    UPDATE profile p SET first_seen = least(p.first_seen, seen.first_at),
        last_seen = greatest(p.last_seen, seen.last_at)
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS seen(id, first_at, last_at)
    WHERE p.id = seen.id AND (seen.first_at < p.first_seen OR seen.last_at > p.last_seen)
    RETURNING p.id, p.first_seen = seen.first_at
"""
UPDATE_ALL = """
    UPDATE profile p SET first_seen = least(p.first_seen, seen.first_at),
        last_seen = greatest(p.last_seen, seen.last_at), traits = seen.traits,
        display_name = seen.display_name, time_zone = seen.time_zone, locale = seen.locale,
        country = seen.country
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::jsonb[], %s::text[],
                %s::text[], %s::text[], %s::text[])
         AS seen(id, first_at, last_at, traits, display_name, time_zone, locale, country)
    WHERE p.id = seen.id
    RETURNING p.id, p.first_seen = seen.first_at
"""
LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
COUNTRY = re.compile(r"[A-Za-z]{2}")
_zones = available_timezones()
_encode = msgspec.json.encode


@dataclass
class Span:
    """When a batch saw somebody; `last_at` is None where only passive calls came."""

    first_at: datetime
    last_at: datetime | None


def spans(messages: Iterable[Incoming]) -> dict[int, Span]:
    """First and last act of each profile. `context.active: false` moves no last seen."""
    found: dict[int, Span] = {}
    for message in messages:
        at, active = message.occurred_at, message.is_active
        span = found.get(message.profile_id)
        if span is None:
            found[message.profile_id] = Span(at, at if active else None)
            continue
        span.first_at = min(span.first_at, at)
        if active and (span.last_at is None or at > span.last_at):
            span.last_at = at
    return found


def shown(traits: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Display name, time zone, locale and country as the traits have them; "" where none has."""
    address = traits.get("address")
    address = address if isinstance(address, dict) else {}
    zone = _first(traits, "timezone", "time_zone", "timeZone")
    locale = _first(traits, "locale", "language")
    country = _first(traits, "country", "country_code", "countryCode") or _first(
        address, "country", "countryCode"
    )
    return (
        _name(traits)[: limits.MAX_DISPLAY_NAME],
        zone if zone in _zones else "",
        locale.replace("_", "-") if LOCALE.fullmatch(locale) else "",
        country.upper() if COUNTRY.fullmatch(country) else country[: limits.MAX_SLOT],
    )


def create(
    cursor: Any,
    made: Sequence[Newcomer],
    seen: Mapping[int, Span],
    traits: Mapping[int, dict[str, Any]],
    source_id: int,
) -> None:
    """Write new profiles and the `rapport_id` that finds each for ever. Three COPYs."""
    people: list[str] = []
    ids: list[str] = []
    keys: list[str] = []
    for one, number in zip(made, take_ids(cursor, "identifier", len(made)), strict=True):
        own = traits.get(one.id, {})
        name, zone, locale, country = map(text, shown(own)) if own else ("", "", "", "")
        first_at = moment(seen[one.id].first_at)
        last_at = moment(seen[one.id].last_at or seen[one.id].first_at)
        body = json_text(_encode(own)) if own else "{}"
        people.append(
            f"{one.id}\t{one.public_id}\t{one.bucket}\tactive\tf\t{name}\t{zone}\t{locale}"
            f"\t{country}\t\t{first_at}\t{last_at}\t{body}"
        )
        ids.append(
            f"{number}\t{PROFILE_KIND}\t{one.public_id}\t\t{one.id}\t{first_at}\t{source_id}"
            f"\t{first_at}\t{last_at}\t"
        )
        keys.append(f"{number}\t{PROFILE_KIND}\t{one.public_id}\t{one.id}")
    copy(cursor, "profile", PROFILE_COLUMNS, people)
    copy(cursor, "identifier_key", KEY_COLUMNS, keys)
    copy(cursor, "identifier", IDENTIFIER_COLUMNS, ids)


def hold(cursor: Any, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Lock these profiles in the order of their ids; their traits as shown so far."""
    wanted = sorted(ids)
    if not wanted:
        return {}
    cursor.execute(HOLD, [wire.numbers(wanted)])
    return {number: loads(traits) for number, traits in cursor.fetchall()}


def update(cursor: Any, seen: Mapping[int, Span], traits: Mapping[int, dict[str, Any]]) -> set[int]:
    """Bring existing profiles up to date: seen, and what follows from `traits` where given.

    Returns those who were first seen at the moment given: an earlier one than was known, mostly.
    """
    earlier: set[int] = set()
    plain = sorted(number for number in seen if number not in traits)
    if plain:
        firsts = [seen[number].first_at for number in plain]
        lasts = [seen[number].last_at for number in plain]
        given = [wire.numbers(plain), wire.times(firsts), wire.times(lasts)]
        cursor.execute(UPDATE_SEEN, given)
        earlier |= {number for number, is_first in cursor.fetchall() if is_first}
    full = sorted(number for number in seen if number in traits)
    if full:
        derived = [shown(traits[number]) for number in full]
        columns = [wire.texts(column) for column in zip(*derived, strict=True)]
        firsts = [seen[number].first_at for number in full]
        lasts = [seen[number].last_at for number in full]
        bodies = wire.texts(_encode(traits[number]).decode() for number in full)
        given = [wire.numbers(full), wire.times(firsts), wire.times(lasts), bodies]
        cursor.execute(UPDATE_ALL, [*given, *columns])
        earlier |= {number for number, is_first in cursor.fetchall() if is_first}
    return earlier


def _first(traits: Mapping[str, Any], *names: str) -> str:
    found = (traits.get(name) for name in names)
    return next((value.strip() for value in found if isinstance(value, str) and value.strip()), "")


def _name(traits: Mapping[str, Any]) -> str:
    whole = _first(traits, "name", "fullName", "full_name")
    if whole:
        return whole
    first = _first(traits, "firstName", "first_name", "firstname")
    last = _first(traits, "lastName", "last_name", "lastname")
    return f"{first} {last}".strip()
