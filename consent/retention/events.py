"""What people did, by name and age: a month whole where all of it goes, else in portions.

A month that goes whole is detached and its rows are nobody's at once; then what was derived of them
is made anew, people by people, and the tables are dropped. Otherwise rows go by the order of the
key, so that a person's lie together. A month is done when a walk through it finds nothing more: a
merge may have written rows anew behind the place where the walk was.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext_lazy as _

from config.postgres.sql import TRUE, Sql, every, one, run, sql
from consent.retention import totals
from consent.retention.classes import (
    ANONYMISE,
    CLASSES,
    DELETE,
    ROWS,
    DryRunCount,
    Extent,
    RetainedClass,
    RetentionTerms,
    TakenPortion,
)
from consent.retention.extent import extent_of, first
from consent.retention.holds import kept_by_law
from consent.retention.sums import set_right
from profiles import months
from profiles.changes import announce_each

NAME: Final = "event"
PEOPLE: Final = 1_000  # whose sums are set right in one portion
TRIES: Final = 20  # to detach a month; then its rows go one by one
_COUNT: Final = "SELECT t.name, count(*), min(t.occurred_at) FROM event t WHERE {goes} GROUP BY 1"
_PEOPLE: Final = "SELECT count(DISTINCT t.profile_id) FROM event t WHERE {goes}"
_STAYS: Final = "SELECT EXISTS (SELECT FROM {table} t WHERE NOT ({goes}))"
_SOME: Final = """
SELECT t.profile_id, t.occurred_at, t.id, t.name, t.value FROM event t
WHERE {goes} AND t.occurred_at >= {since} AND t.occurred_at < {until} AND {after}
ORDER BY t.profile_id, t.occurred_at, t.id LIMIT {limit}
"""
_GIVEN: Final = """
unnest({people}::bigint[], {times}::timestamptz[], {ids}::bigint[]) AS g(profile_id, at, id)
"""
_DELETE: Final = """
DELETE FROM event t USING {given}
WHERE t.profile_id = g.profile_id AND t.occurred_at = g.at AND t.id = g.id
RETURNING t.profile_id, t.occurred_at, t.name, t.value
"""
_DELETE_ITEMS: Final = """
DELETE FROM event_item i USING {given}
WHERE i.profile_id = g.profile_id AND i.occurred_at = g.at AND i.event_id = g.id
"""
_MONTH_TOTALS: Final = """
SELECT {month}::date AS month, t.name, count(*) AS n, coalesce(sum(t.value), 0) AS value_sum
FROM {table} t GROUP BY t.name
"""
_MONTH_PEOPLE: Final = """
SELECT t.profile_id, array_agg(DISTINCT t.name) FROM {table} t
WHERE t.profile_id > {after} GROUP BY 1 ORDER BY 1 LIMIT {limit}
"""


def _goes(terms: RetentionTerms) -> Sql:
    """A test on `event t`: the rule takes it."""
    tests = [sql("t.occurred_at < {before}", before=terms.before)]
    if terms.name:
        tests.append(sql("t.name = {name}", name=terms.name))
    elif terms.others:
        tests.append(sql("t.name <> ALL({others}::text[])", others=list(terms.others)))
    if terms.held:
        tests.append(sql("t.profile_id <> ALL({held}::bigint[])", held=list(terms.held)))
    if law := kept_by_law().get(NAME):
        tests.append(sql("NOT ({law})", law=law))
    return every(tests)


def extent() -> Extent:
    """All months together; the oldest by the first month that holds something."""
    return extent_of("event", _oldest())


def _oldest() -> datetime | None:
    for month in months.existing():
        found: datetime | None = first(f"SELECT min(occurred_at) FROM event_{month:%Y_%m}")  # noqa: S608
        if found:
            return found
    return None


def count(terms: RetentionTerms) -> DryRunCount:
    """Three statements, of the months that the rule reaches alone."""
    goes = _goes(terms)
    lines = run(sql(_COUNT, goes=goes))
    rows = sum(n for _name, n, _at in lines)
    return DryRunCount(
        rows=rows,
        people=int(one(sql(_PEOPLE, goes=goes))[0]) if rows else 0,
        oldest=min((at for _name, _n, at in lines), default=None),
        months=[f"{month:%Y-%m}" for month in _whole(terms)],
        parts=sorted(((name, n) for name, n, _at in lines), key=lambda part: -part[1])[:8],
    )


def _whole(terms: RetentionTerms) -> Iterable[datetime]:
    """Months that go as they are: every row in them is taken, and there is one."""
    for month in months.existing():
        if months.after(month) <= terms.before and _has_rows(month) and _is_whole(terms, month):
            yield month


def _has_rows(month: datetime) -> bool:
    return bool(first(f"SELECT EXISTS (SELECT FROM event_{month:%Y_%m})"))  # noqa: S608


def _is_whole(terms: RetentionTerms, month: datetime) -> bool:
    if terms.name or months.after(month) > terms.before:
        return False
    if not terms.held and not terms.others and not kept_by_law():
        return True
    table = Sql(f"event_{month:%Y_%m}")
    return not one(sql(_STAYS, table=table, goes=_goes(terms)))[0]


def portion(terms: RetentionTerms, place: Mapping[str, Any]) -> TakenPortion:
    """The next: of a month that was taken out before any other."""
    taken = months.taken_out()
    if taken:
        return _derive(taken[0], place)
    for month in months.existing():
        name = f"{month:%Y-%m}"
        if name < place.get("month", "") or month >= terms.before:
            continue
        if place.get("tries", 0) < TRIES and _has_rows(month) and _is_whole(terms, month):
            return _take_out(terms, month)
        done = _rows(terms, month, place if place.get("month") == name else {})
        if done.place is not None:
            return done
    return TakenPortion()


def _take_out(terms: RetentionTerms, month: datetime) -> TakenPortion:
    months.take_out(month)
    table = Sql(months.taken_name(month))
    rows = int(one(sql("SELECT count(*) FROM {table}", table=table))[0])
    items = Sql(months.taken_name(month, "event_item"))
    lines = int(one(sql("SELECT count(*) FROM {table}", table=items))[0])
    if terms.act == ANONYMISE:
        totals.add_query(NAME, sql(_MONTH_TOTALS, table=table, month=month))
    name = f"{month:%Y-%m}"
    return TakenPortion(
        {"event": rows, "event_item": lines},
        months=[name],
        place={"month": name, "after": [name, 0]},
    )


def _derive(month: datetime, place: Mapping[str, Any]) -> TakenPortion:
    """Of a month that was taken out: what its people's sums are without it; then drop it."""
    name = f"{month:%Y-%m}"
    of, after = place.get("after", (name, 0))
    table = Sql(months.taken_name(month))
    since = after if of == name else 0
    people = run(sql(_MONTH_PEOPLE, table=table, after=since, limit=PEOPLE))
    if not people:
        months.drop_taken(month)
        return TakenPortion(place={key: value for key, value in place.items() if key != "after"})
    _followed({person: set(names) for person, names in people})
    return TakenPortion(place={**place, "after": [name, people[-1][0]]})


def _rows(terms: RetentionTerms, month: datetime, place: Mapping[str, Any]) -> TakenPortion:
    """Up to ROWS of this month; without a place where a whole walk found nothing more."""
    after = place.get("key")
    found = run(
        sql(
            _SOME,
            goes=_goes(terms),
            since=month,
            until=months.after(month),
            after=_beyond(after) if after else TRUE,
            limit=ROWS,
        )
    )
    name = f"{month:%Y-%m}"
    if not found:
        # once more from the beginning, unless this walk began there
        return TakenPortion(place={"month": name}) if after else TakenPortion()
    gone = _delete(found, terms)
    person, at, number = found[-1][:3]
    return TakenPortion(gone, place={"month": name, "key": [person, at.isoformat(), number]})


def _beyond(key: list[Any]) -> Sql:
    person, at, number = key
    return sql(
        "(t.profile_id, t.occurred_at, t.id) > ({person}::bigint, {at}::timestamptz, {id}::bigint)",
        person=person,
        at=at,
        id=number,
    )


def _delete(found: list[tuple[Any, ...]], terms: RetentionTerms) -> dict[str, int]:
    """These rows with their items, their numbers kept where that is asked for. Some six statements.

    The people are held first, so that no batch adds to a sum while it is made anew.
    """
    given = sql(
        _GIVEN,
        people=[row[0] for row in found],
        times=[row[1] for row in found],
        ids=[row[2] for row in found],
    )
    names: dict[int, set[str]] = defaultdict(set)
    for person, _at, _id, name, _value in found:
        names[person].add(name)
    with connection.cursor() as cursor, set_right(cursor, names):
        sql(_DELETE, given=given).on(cursor)
        gone = cursor.fetchall()
        sql(_DELETE_ITEMS, given=given).on(cursor)
        items = max(cursor.rowcount, 0)
    if terms.act == ANONYMISE:
        _keep_numbers(gone)
    announce_each({person: {f"event:{name}" for name in of} for person, of in names.items()})
    return {"event": len(gone), "event_item": items}


def _followed(names: Mapping[int, set[str]]) -> None:
    with connection.cursor() as cursor, set_right(cursor, names):
        pass
    announce_each({person: {f"event:{name}" for name in of} for person, of in names.items()})


def _keep_numbers(gone: Iterable[tuple[Any, ...]]) -> None:
    lines: dict[tuple[Any, str], list[float]] = defaultdict(lambda: [0, 0.0])
    for _person, at, name, value in gone:
        line = lines[months.first_of_month(at).date(), name]
        line[0] += 1
        line[1] += value or 0
    totals.add(NAME, ((month, name, int(n), total) for (month, name), (n, total) in lines.items()))


CLASSES.register(NAME, order=10)(
    RetainedClass(
        name=NAME,
        label=_("What people did"),
        explained=_("Events with their properties, by name and age. Sums of conversions follow."),
        without=_("until the person is erased"),
        extent=extent,
        count=count,
        portion=portion,
        acts=(DELETE, ANONYMISE),
        has_names=True,
    )
)
