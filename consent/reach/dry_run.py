"""What a change of the policy table would do, in people, before it is saved.

Only people of places whose answers differ are looked at; of each channel and purpose one statement
asks the gate's own question twice, by the table of now and by the one that would be.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from config.postgres.sql import Sql, run, sql
from config.workspace.zones import today
from consent.channels import contact_kind, legal_class, usual_channels
from consent.ledger.acts import BLOCKING
from consent.ledger.spans import over_many
from consent.models import Policy, Purpose
from consent.models.purpose import MEASURING
from consent.policy.changing import table_with
from consent.policy.places import EEA, EEA_COUNTRIES, EVERYWHERE, UNKNOWN, group_of
from consent.policy.resolving import PolicyTable, as_if, policy_table
from consent.policy.terms import BASES, EVIDENCE, EXPIRY, HOURS, ON, PERMISSION, TRACKING
from consent.reach.judging import reach

GROUNDS: Final = (BASES, EXPIRY, EVIDENCE)
LOSE, GAIN, UNMEASURED, MEASURED, UNDER = "lose", "gain", "unmeasured", "measured", "under"
OTHERS, NOWHERE = 1_000, 1_001  # numbers of people of no place of the table, and of no country
_PEOPLE = """
SELECT g.profile_id, g.place FROM (
    SELECT p.id AS profile_id, {place} AS place FROM profile p WHERE p.state = 'active') g
WHERE g.place = ANY({numbers}::int[])"""
_REACHED = """
WITH chosen AS MATERIALIZED ({people}), was AS MATERIALIZED ({before}), would AS MATERIALIZED
    ({after})
SELECT c.place, count(*) FILTER (WHERE was.may AND NOT would.may),
       count(*) FILTER (WHERE would.may AND NOT was.may)
FROM chosen c JOIN was USING (profile_id) JOIN would USING (profile_id) GROUP BY 1
"""
_LINES = """SELECT r.profile_id, NOT r.suppressed AND r.entry_id IS NOT NULL AS may
    FROM ({lines}) r"""
_MEASURED = """
WITH chosen AS MATERIALIZED ({people}), stands AS MATERIALIZED ({lines})
SELECT c.place, count(*) FILTER (WHERE s.entry_id IS NOT NULL),
       count(*) FILTER (WHERE s.entry_id IS NULL AND s.status <> ALL({blocking}))
FROM chosen c JOIN stands s USING (profile_id) GROUP BY 1
"""
_COUNTED = """
WITH chosen AS MATERIALIZED ({people})
SELECT c.place, count(DISTINCT c.profile_id) FROM chosen c {addressed} GROUP BY 1
"""
_ADDRESSED = """JOIN identifier i ON i.profile_id = c.profile_id AND i.kind = {kind}"""


@dataclass(frozen=True)
class PolicyEffect:
    """So many people of a place; `what` is one of LOSE to UNDER, `term` the one that changes."""

    what: str
    place: str
    people: int
    channel: str = ""
    purpose: str = ""
    term: str = ""


def effects_of(row: Policy) -> list[PolicyEffect]:
    """What this row, as it would be, changes for how many people; the most people first.

    Set-based: one statement for each channel, purpose and kind of term that differs.
    """
    before, after = policy_table(), table_with(row)
    found = [
        effect
        for purpose in _purposes(row, before)
        for channel in _channels(row, before)
        for effect in _effects(before, after, channel, purpose)
    ]
    return sorted(found, key=lambda one: (-one.people, one.place, one.channel))


def _rows(row: Policy, table: PolicyTable) -> list[Policy]:
    return [row, *(one for one in table.rows if one.slug == row.slug)]


def _purposes(row: Policy, table: PolicyTable) -> list[Purpose]:
    """Those that the row is about, or was."""
    found: dict[int, Purpose] = {}
    for one in _rows(row, table):
        purposes = Purpose.objects.filter(archived_at=None)
        if one.purpose:
            purposes = purposes.filter(pk=one.purpose.pk)
        else:
            purposes = purposes.filter(purpose_class=one.purpose_class or "marketing")
        found |= {purpose.pk: purpose for purpose in purposes}
    return list(found.values())


def _channels(row: Policy, table: PolicyTable) -> list[str]:
    known = usual_channels()
    named = [one.channel for one in _rows(row, table)]
    more = [name for name in named if contact_kind(name) and name not in known]
    return [
        name
        for name in [*known, *more]
        if any(channel in ("", name, legal_class(name)) for channel in named)
    ]


def _effects(
    before: PolicyTable, after: PolicyTable, channel: str, purpose: Purpose
) -> Iterator[PolicyEffect]:
    was, would = _answers(before, channel, purpose), _answers(after, channel, purpose)
    changed: dict[str, list[str]] = {}
    for place in would:
        for term in {*was.get(place, {}), *would[place]}:
            if was.get(place, {}).get(term) != would[place].get(term):
                changed.setdefault(term, []).append(place)
    grounds = sorted({place for term in GROUNDS for place in changed.get(term, [])})
    if grounds and purpose.purpose_class != Purpose.Class.TRANSACTIONAL:
        yield from _of_grounds(grounds, before, after, channel, purpose)
    if TRACKING in changed and channel == "email":
        how = {p: (was[p].get(TRACKING), would[p].get(TRACKING)) for p in changed[TRACKING]}
        yield from _of_measuring(how, channel, purpose)
    for term in sorted(set(changed) - {*GROUNDS, TRACKING}):
        yield from _of_others(changed[term], term, channel, purpose)


def _answers(table: PolicyTable, channel: str, purpose: Purpose) -> dict[str, dict[str, Any]]:
    places = {row.place for row in policy_table().rows} | {row.place for row in table.rows}
    places = (places - {EEA}) | EEA_COUNTRIES | {EVERYWHERE, UNKNOWN}
    day = today()
    return {
        place: {name: one.value for name, one in table.said(place, channel, purpose, day).items()}
        for place in sorted(places)
    }


def _people(places: Sequence[str]) -> tuple[Sql, dict[int, str]]:
    """Everybody of these places by a number, and the place of each number. All places of the table
    are told apart, so that "every other country" is none of them.
    """
    table = {row.place for row in policy_table().rows} | EEA_COUNTRIES | set(places)
    named = sorted(table - {EVERYWHERE, UNKNOWN, EEA})
    inside = [place for place in named if place in places]
    outside = [place for place in named if place not in places]
    names = dict(enumerate(inside))
    names |= {
        n: place for n, place in ((OTHERS, EVERYWHERE), (NOWHERE, UNKNOWN)) if place in places
    }
    groups = [*([place] for place in inside), outside]
    number = group_of("p", groups, others=OTHERS, unknown=NOWHERE)
    return sql(_PEOPLE, place=number, numbers=list(names)), names


def _ask(query: Sql) -> list[tuple[Any, ...]]:
    with over_many() as cursor:
        query.on(cursor)
        return list(cursor.fetchall())


def _of_grounds(
    places: Sequence[str], before: PolicyTable, after: PolicyTable, channel: str, purpose: Purpose
) -> Iterator[PolicyEffect]:
    lines = []
    for table in (before, after):
        with as_if(table):
            reached = reach(Sql("chosen"), purpose=purpose, channel=channel)
            lines.append(sql(_LINES, lines=reached))
    people, names = _people(places)
    query = sql(_REACHED, people=people, before=lines[0], after=lines[1])
    for n, lost, gained in _ask(query):
        for what, count in ((LOSE, lost), (GAIN, gained)):
            if count:
                yield PolicyEffect(what, names[n], count, channel, purpose.slug)


def _of_measuring(
    how: dict[str, tuple[Any, Any]], channel: str, purpose: Purpose
) -> Iterator[PolicyEffect]:
    """`how`: by place, how opens and clicks are measured now and how they would be."""
    measuring = Purpose.objects.filter(slug=MEASURING).first()
    if measuring is None or purpose.purpose_class != Purpose.Class.MARKETING:
        return
    people, names = _people(sorted(how))
    lines = reach(Sql("chosen"), purpose=measuring, channel=channel)
    query = sql(_MEASURED, people=people, lines=lines, blocking=list(BLOCKING))
    for n, allowed, unsaid in _ask(query):
        was, would = (
            _measured(how_one or PERMISSION, allowed, unsaid) for how_one in how[names[n]]
        )
        if was != would:
            what = UNMEASURED if would < was else MEASURED
            yield PolicyEffect(what, names[n], abs(would - was), channel, purpose.slug)


def _measured(how: str, allowed: int, unsaid: int) -> int:
    return {ON: allowed + unsaid, PERMISSION: allowed}.get(how, 0)


def _of_others(
    places: Sequence[str], term: str, channel: str, purpose: Purpose
) -> Iterator[PolicyEffect]:
    """Terms that are no yes or no to a person: how many of them live there (with an address)."""
    kind = contact_kind(channel)
    addressed = sql(_ADDRESSED, kind=kind) if kind and term == HOURS else Sql("")
    chosen, names = _people(places)
    for n, people in run(sql(_COUNTED, people=chosen, addressed=addressed)):
        yield PolicyEffect(UNDER, names[n], people, channel, purpose.slug, term)
