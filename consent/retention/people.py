"""People who were not seen for long: taken out as an erasure takes somebody out.

It goes by the same declarations (`privacy.holdings`), so that there is one answer to what is a
person's. A group of people at a time: first one transaction takes them out, then the rest follows
in batches, once more when every transaction that began before has ended. What is kept of them is
what an erasure keeps: digests of what identified them, so that an import does not bring them back;
a later act of their own begins anew, without marketing. What names nobody but a device gets no
digest.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.postgres.eraser import as_eraser
from config.postgres.sql import FALSE, TRUE, Sql, every, ids_of, one, run, sql
from config.workspace.registry import Registry
from consent.ledger.erased import keep_out
from consent.privacy import holdings
from consent.privacy.duties import of_duties
from consent.privacy.erasure.erasing import began_before, emptied
from consent.privacy.erasure.exceptions import KEEPABLE, applied
from consent.privacy.subject import DataSubject, KnownBy, sealed, unsealed
from consent.retention import totals
from consent.retention.classes import (
    ANONYMISE,
    CLASSES,
    DELETE,
    DryRunCount,
    RetainedClass,
    RetentionTerms,
    TakenPortion,
)
from consent.retention.extent import extent_of, first
from consent.retention.holds import kept_by_law
from profiles.changes import ANYTHING, announce
from profiles.identity import keys
from profiles.models import Identifier
from profiles.people.lineage import ever_of

NAME: Final = "profile"
GROUP: Final = 100  # people that are taken out together
DEVICES: Final = ("anonymous_id", "device_id", "rapport_id")
# name -> SQL of a test on `profile p` and a moment: they were there since, in a way that
# `last_seen` does not say
SEEN: Registry[Callable[[datetime], Sql]] = Registry("ways to be seen")
_COUNT: Final = "SELECT count(*), min(p.last_seen) FROM profile p WHERE {goes}"
_SOME: Final = "SELECT p.id FROM profile p WHERE {goes} ORDER BY p.id LIMIT {limit}"
_ERASED: Final = """
SELECT p.id FROM profile p WHERE p.state = 'erased' AND p.id > {after}
  AND p.id <> ALL({held}::bigint[]) ORDER BY p.id LIMIT {limit}
"""
_PEOPLE: Final = """
SELECT date_trunc('month', p.first_seen AT TIME ZONE 'UTC')::date AS month, p.country AS name,
       count(*) AS n, NULL::float8 AS value_sum
FROM profile p WHERE p.id = ANY({people}::bigint[]) GROUP BY 1, 2
"""
_EVENTS: Final = """
SELECT date_trunc('month', t.occurred_at AT TIME ZONE 'UTC')::date AS month, t.name,
       count(*) AS n, coalesce(sum(t.value), 0) AS value_sum
FROM event t WHERE t.profile_id = ANY({people}::bigint[]) AND NOT {law} GROUP BY 1, 2
"""


@dataclass(frozen=True)
class AgedPeople(DataSubject):
    """Several at once. Texts that came in are not searched: they go by an age of their own."""

    @property
    def needles(self) -> list[str]:
        """Nothing is looked for in texts."""
        return []


@SEEN.register("statements", order=10)
def _said_something(since: datetime) -> Sql:
    """They gave or took back a permission."""
    return sql(
        "EXISTS (SELECT FROM consent_entry c WHERE c.profile_id = p.id AND c.actor = 'person'"
        " AND c.at >= {since})",
        since=since,
    )


def _goes(terms: RetentionTerms) -> Sql:
    seen = (sql("NOT {test}", test=test(terms.before)) for _name, test in SEEN)
    held = TRUE
    if terms.held:
        held = sql("p.id <> ALL({held}::bigint[])", held=list(terms.held))
    old = sql("p.state = 'active' AND p.last_seen < {before}", before=terms.before)
    return every([old, held, *seen])


def count(terms: RetentionTerms) -> DryRunCount:
    """One statement."""
    rows, oldest = one(sql(_COUNT, goes=_goes(terms)))
    return DryRunCount(rows, rows, oldest)


def portion(terms: RetentionTerms, place: Mapping[str, Any]) -> TakenPortion:
    """Take a group out, or carry on with one that was."""
    if "people" in place:
        return _carry_on(dict(place))
    if "rest" in place:
        return _rest(terms, place)
    ids = ids_of(run(sql(_SOME, goes=_goes(terms), limit=GROUP)))
    return _take_out(terms, ids) if ids else TakenPortion(place={"rest": 0})


def _take_out(terms: RetentionTerms, ids: list[int]) -> TakenPortion:
    """In the caller's transaction. Whoever was seen meanwhile stays."""
    with connection.cursor() as cursor:
        keys.hold(cursor, ids)
        again = every([_goes(terms), sql("p.id = ANY({ids}::bigint[])", ids=ids)])
        ids = ids_of(run(sql(_SOME, goes=again, limit=GROUP)))
        if not ids:
            return TakenPortion(place={})
        subject = _subject(ids)
        if terms.act == ANONYMISE:
            totals.add_query(NAME, sql(_PEOPLE, people=ids))
            law = kept_by_law().get("event", FALSE)
            totals.add_query("event", sql(_EVENTS, people=list(subject.ever), law=law))
        keep_out(
            ((one.kind, one.digest) for one in subject.known_by if one.kind not in DEVICES),
            timezone.now(),
        )
        emptied(cursor, subject)
        rows = {"profile": len(subject.ever)}
        with as_eraser(cursor):
            for holding in applied(subject, of_duties()):
                while holding.at_once and (n := holdings.carry_out(holding)):
                    rows[holding.table] = rows.get(holding.table, 0) + n
    announce(subject.ever, [ANYTHING])
    return TakenPortion(rows, len(ids), place=_place(subject))


def _rest(terms: RetentionTerms, place: Mapping[str, Any]) -> TakenPortion:
    """Of who was taken out before: what a law asked for until now. It lies under emptied numbers.

    What an erasure left goes by its own request (`erasure.exceptions`), and is held here.
    """
    after = place.get("rest", 0)
    ids = ids_of(run(sql(_ERASED, after=after, held=list(terms.held), limit=GROUP)))
    if not ids:
        return TakenPortion()
    tables = {table for _name, keepable in KEEPABLE for table in keepable()}
    subject = AgedPeople(ids[0], tuple(ids), ())
    with connection.cursor() as cursor, as_eraser(cursor):
        for holding in applied(subject, of_duties()):
            if holding.table in tables and (n := holdings.carry_out(holding)):
                return TakenPortion({holding.table: n}, place={"rest": after})
    return TakenPortion(place={"rest": ids[-1]})


def _subject(ids: list[int]) -> AgedPeople:
    rows = list(Identifier.objects.filter(profile_id__in=ids).order_by("profile_id", "id"))
    known = tuple(KnownBy(row.kind, row.value, row.raw_value) for row in rows)
    ever = sorted({number for numbers in ever_of(ids).values() for number in numbers})
    return AgedPeople(ids[0], tuple(ever), known, tuple(row.pk for row in rows))


def _place(subject: DataSubject) -> dict[str, Any]:
    """What is needed of them to go on after a kill, sealed."""
    known = base64.b64encode(sealed(subject.known_by)).decode()
    return {
        "people": list(subject.ever),
        "identifiers": list(subject.identifier_ids),
        "known": known,
    }


def _carry_on(place: dict[str, Any]) -> TakenPortion:
    """One batch; at the end of a first round wait for whoever began before, then go once more."""
    if "since" not in place:  # after the commit that took them out, by the database's clock
        place["since"] = first("SELECT clock_timestamp()::text")
    known = unsealed(base64.b64decode(place["known"]))
    people, identifiers = tuple(place["people"]), tuple(place["identifiers"])
    subject = AgedPeople(people[0], people, known, identifiers)
    with connection.cursor() as cursor, as_eraser(cursor):
        for holding in applied(subject, of_duties()):
            if n := holdings.carry_out(holding):
                return TakenPortion({holding.table: n}, place=place)
    if place.get("again"):
        return TakenPortion(place={})
    if _is_under_way(subject) or began_before(place["since"]):
        return TakenPortion(place=place, waits=True)
    return TakenPortion(place=place | {"again": True})


def _is_under_way(subject: DataSubject) -> bool:
    return any(is_under_way(subject) for _name, is_under_way in holdings.UNDER_WAY)


def _extent() -> Any:
    oldest = first("SELECT min(last_seen) FROM profile WHERE state = 'active'")
    return extent_of("profile", oldest)


CLASSES.register(NAME, order=20)(
    RetainedClass(
        name=NAME,
        label=_("People who are not seen any more"),
        explained=_(
            "Everything of somebody who did nothing, opened nothing and said nothing for so long,"
            " as an erasure takes it. Digests keep imports from bringing them back."
        ),
        without=_("until they are erased"),
        extent=_extent,
        count=count,
        portion=portion,
        acts=(DELETE, ANONYMISE),
        least_days=30,
    )
)
