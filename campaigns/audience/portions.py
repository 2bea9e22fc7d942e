"""An audience in portions, each with what the gate says of its people: the one walk over people.

Everybody with an address of their own, or with none, comes in ranges of ids; those who have only
another person's address as a trait come last, since only they can be a duplicate. Counting, listing
who is left out, a dry run and queueing walk alike, so that each says the same of everyone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.backends.utils import CursorWrapper

from campaigns.gate.expression import Terms, judged
from config.postgres.sql import FALSE, Sql, every, sql
from config.workspace.tables.statistics import plan_for_the_unknown
from consent.channels import contact_kind
from consent.reach.judging import between
from profiles.identifiers.addresses import USABLE, told_by_ours
from profiles.people.lineage import given_people

RANGE = 50_000  # people a transaction: sorts stay within work_mem, a step takes a second or two
SPARSE = 4  # ids of a range for each person of it, from which on people are looked up one by one
LAST = 2**62  # above each id
LOOPS = "rapport.nestloop"  # what `plan_for_many` decided, for ranges that are not dense
# what the gate reads of people: a plan without statistics is quadratic
GATE_READS = (
    "membership", "profile", "identifier", "identifier_key", "consent_state", "consent_entry",
    "suppression", "contact_count", "merge",
)  # fmt: skip
EARLIER = "message"  # whom was written to before; a send that writes it asks that of a few at most
READ = (*GATE_READS, EARLIER)

_PEOPLE = """
    SELECT m.profile_id FROM membership m
    WHERE m.segment_id = {segment} AND m.left_at IS NULL AND {bounds}
"""
# who has no address of their own of this kind, but another person's as a trait
_BORROWERS = """
    SELECT m.profile_id FROM membership m JOIN profile p ON p.id = m.profile_id
    WHERE m.segment_id = {segment} AND m.left_at IS NULL AND {borrows}
"""
_BORROWS = f"""(p.traits ? {{kind}}
    AND NOT EXISTS (SELECT 1 FROM identifier i WHERE i.profile_id = p.id AND i.kind = {{kind}}
                    AND {USABLE})
    AND EXISTS (SELECT 1 FROM identifier_key o WHERE o.kind = {{kind}}
                AND o.value = lower(btrim(p.traits->>{{kind}})))
    AND {{told}})"""  # noqa: S608 - pieces of ours
# The owner would get it, if the gate lets them.
_OWNER_WOULD = """r.owner_id IN (WITH owners AS (SELECT o.profile_id FROM identifier_key o
    JOIN membership w ON w.profile_id = o.profile_id AND w.segment_id = {segment}
    AND w.left_at IS NULL WHERE o.kind = {kind} AND o.value IN (SELECT
    lower(btrim(b.traits->>{kind})) FROM people x JOIN profile b ON b.id = x.profile_id))
    SELECT profile_id FROM ({owners}) g WHERE g.reason = '')"""
PEOPLE = Sql("people")


@dataclass(frozen=True)
class Portion:
    """Some of an audience and what the gate says of each: `judged` reads the CTE `people`.

    `end` is where the next portion begins; None is the last one.
    """

    people: Sql
    judged: Sql
    end: int | None = None


def next_portion(
    cursor: CursorWrapper, terms: Terms, after: int, *, size: int = 0, taken: Sql | None = None
) -> Portion:
    """At most `size` (or RANGE) people of the segment above `after`; at last those who borrow.

    `taken` says of those whether the owner (`r.owner_id`) of the address gets it already; by
    default, whether the gate would let them.
    """
    end, is_dense = _range(cursor, terms.segment_id, after, size)
    # who was written to before is asked one by one
    _plan_by_range(cursor, is_dense and not terms.fresh.text)
    if end is None:
        return _borrowing(terms, taken or _owner_would(terms))
    return _own(terms, after, end)


def walk(cursor: CursorWrapper, terms: Terms, size: int = 0) -> Iterator[Portion]:
    """The whole audience as if sent now; each person is in one portion."""
    after: int | None = 0
    while after is not None:
        portion = next_portion(cursor, terms, after, size=size)
        yield portion
        after = portion.end


def rest(terms: Terms, after: int) -> tuple[Portion, Portion]:
    """The whole audience at once, in its two parts: to be read by id until a page is full."""
    return _own(terms, after, LAST), _borrowing(terms, _owner_would(terms))


def one_person(terms: Terms, profile_id: int, taken: Sql | None = None) -> Portion:
    """A single person, in whichever way they have an address; `taken` as in `next_portion`."""
    lines = judged(terms, PEOPLE, borrowed=True, taken=taken, few=True)
    return Portion(given_people([profile_id]), lines)


def plan_for_many(cursor: CursorWrapper, *tables: str) -> None:
    """How this transaction plans to ask about a range of people; it reads `tables` (READ)."""
    cursor.execute("SET LOCAL work_mem = '64MB'")
    is_unknown = plan_for_the_unknown(cursor, *(tables or READ))
    cursor.execute("SELECT set_config(%s, %s, true)", [LOOPS, "off" if is_unknown else "on"])


def members_between(segment_id: int, after: int, end: int) -> Sql:
    """The people of a segment whose id is above `after` and at most `end`."""
    return sql(_PEOPLE, segment=segment_id, bounds=between(after, end)(Sql("m.profile_id")))


def range_end(cursor: CursorWrapper, segment_id: int, after: int, size: int = 0) -> int | None:
    """The last id of the next `size` (or RANGE) people above `after`; None where none is left."""
    return _range(cursor, segment_id, after, size)[0]


def _range(
    cursor: CursorWrapper, segment_id: int, after: int, size: int
) -> tuple[int | None, bool]:
    """The same, and whether so many of the ids in between are theirs that a table is best read
    from end to end of the range.
    """
    cursor.execute(
        "SELECT max(profile_id), count(*) * %s > max(profile_id) - min(profile_id) FROM"
        " (SELECT profile_id FROM membership WHERE segment_id = %s AND left_at IS NULL"
        " AND profile_id > %s ORDER BY profile_id LIMIT %s) m",
        [SPARSE, segment_id, after, size or RANGE],
    )
    end, is_dense = cursor.fetchone()
    return end, bool(is_dense)


def _plan_by_range(cursor: CursorWrapper, is_dense: bool) -> None:
    """The planner expects of two tables that are read by the same range that few rows meet, and
    loops over them; a million people at the gate took half as long again.
    """
    cursor.execute(
        "SELECT set_config('enable_nestloop', CASE WHEN %s THEN 'off' ELSE"
        " coalesce(nullif(current_setting(%s, true), ''), 'on') END, true)",
        [is_dense, LOOPS],
    )


def _own(terms: Terms, after: int, end: int) -> Portion:
    """Everyone of a range but for those whose turn comes last."""
    narrow = between(after, end)
    lines = sql(
        "SELECT * FROM ({lines}) j WHERE reason <> 'no_address' OR NOT EXISTS"
        " (SELECT 1 FROM profile p WHERE p.id = j.profile_id AND {bounds} AND {borrows})",
        lines=judged(terms, PEOPLE, narrow=narrow),
        bounds=narrow(Sql("p.id")),
        borrows=_borrows(terms),
    )
    bounds = every([narrow(Sql("m.profile_id")), *_fresh(terms)])
    people = sql(_PEOPLE, segment=terms.segment_id, bounds=bounds)
    return Portion(people, lines, end)


def _borrowing(terms: Terms, taken: Sql) -> Portion:
    people = sql(
        _BORROWERS, segment=terms.segment_id, borrows=every([_borrows(terms), *_fresh(terms)])
    )
    return Portion(people, judged(terms, PEOPLE, borrowed=True, taken=taken))


def _fresh(terms: Terms) -> list[Sql]:
    return [terms.fresh] if terms.fresh.text else []


def _borrows(terms: Terms) -> Sql:
    kind = contact_kind(terms.channel)
    if not kind:
        return FALSE
    return sql(_BORROWS, kind=kind, told=told_by_ours(kind))


def _owner_would(terms: Terms) -> Sql:
    return sql(
        _OWNER_WOULD,
        segment=terms.segment_id,
        kind=contact_kind(terms.channel),
        owners=judged(terms, Sql("owners")),
    )
