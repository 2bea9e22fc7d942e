"""For how many of those who will get a mail a value is there: one base for every screen.

The base is the people whom the gate lets through now (the recipients of the dry run), or of a
launched campaign those for whom a message was written. Of more than `COUNTED` only so many are
looked at, and `is_part` says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from campaigns.audience.portions import Portion, plan_for_many, walk
from campaigns.composition.variables import PROFILE, ContentName, name_of
from campaigns.faults import CannotGoOn
from campaigns.gate.terms import terms_of
from campaigns.models import Campaign
from campaigns.plan import messages_in, plan_of
from config.postgres.sql import EMPTY, Sql, sql
from segments.insight.computed.reading import stored_value
from segments.rules.computed import ComputedDefinition, definitions

COUNTED: Final = 10_000  # recipients
MOST: Final = 40  # names


@dataclass(frozen=True)
class Missing:
    """A name in the content for which people have no value; `of` are those looked at."""

    name: str
    without: int
    of: int

    @property
    def share(self) -> float:
        """How many of those looked at."""
        return self.without / self.of if self.of else 0.0


@dataclass
class Coverage:
    """`of` recipients were looked at; `without[name]` of them have no value."""

    of: int = 0
    is_part: bool = False
    without: dict[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> list[Missing]:
        """The names that some lack, the most first."""
        found = [Missing(name, n, self.of) for name, n in self.without.items() if n]
        return sorted(found, key=lambda one: (-one.without, one.name))

    def share(self, name: str) -> float | None:
        """How many of the recipients have a value; None where nobody was looked at."""
        return 1 - self.without[name] / self.of if self.of and name in self.without else None


_WITHOUT = """
WITH people AS MATERIALIZED ({people}), judged AS ({judged}),
chosen AS (SELECT profile_id FROM judged WHERE reason = '' LIMIT {some})
SELECT count(*){counts} FROM chosen c JOIN profile p ON p.id = c.profile_id
"""
_WRITTEN = """
SELECT profile_id, '' AS reason FROM message
WHERE campaign_id = {campaign} AND NOT is_test AND state <> 'excluded'
"""
Computed = Mapping[str, ComputedDefinition]
_COLUMNS = {name: f"p.{name}" for name in PROFILE} | {"name": "p.display_name"}
_CUSTOMER = Sql("coalesce(nullif(p.traits->>'name', ''), p.display_name)")


def coverage(campaign: Campaign, names: Sequence[str]) -> Coverage:
    """Count who of the recipients lacks each of `names`; a query for each 10,000 people.

    Empty where the campaign does not say yet who is written to.
    """
    computed = definitions()
    given = {one.written: one for one in map(name_of, names) if _value(one, computed)}
    chosen = list(given.values())[:MOST]
    found = Coverage(without={name.written: 0 for name in chosen})
    with transaction.atomic(), connection.cursor() as cursor:
        plan_for_many(cursor)
        for portion in _portions(cursor, campaign):
            left = COUNTED - found.of
            if left <= 0:
                found.is_part = True
                break
            _query(portion, chosen, left, computed).on(cursor)
            count, *without = cursor.fetchone()
            found.of += count
            for name, n in zip(chosen, without, strict=True):
                found.without[name.written] += n
    return found


def _portions(cursor: Any, campaign: Campaign) -> Iterator[Portion]:
    if campaign.launched_at:
        yield Portion(Sql("SELECT NULL"), sql(_WRITTEN, campaign=campaign.pk))
        return
    if not campaign.entry.get("segment") or not messages_in(campaign.steps):
        return
    try:
        terms = terms_of(plan_of(campaign), now=timezone.now())
    except (CannotGoOn, LookupError):
        return  # a step that is not whole yet
    yield from walk(cursor, terms, COUNTED)


def _query(portion: Portion, names: Sequence[ContentName], some: int, computed: Computed) -> Sql:
    counts = [
        sql(", count(*) FILTER (WHERE coalesce({value}, '') = '')", value=_value(name, computed))
        for name in names
    ]
    return sql(
        _WITHOUT,
        people=portion.people,
        judged=portion.judged,
        counts=EMPTY.joined(counts),
        some=some,
    )


def _value(name: ContentName, computed: Computed) -> Sql | None:
    """The value of a name over the row `p` of profile; None for what is no person's."""
    if name.trait and name.trait[0] in computed:
        nought = computed[name.trait[0]].nought
        stored = stored_value(sql("{name}", name=name.trait[0]), Sql("p.id"))
        return sql("coalesce({it} #>> '{{}}', {nought})", it=stored, nought=_text_of(nought))
    if name.trait:
        return sql("(p.traits #>> {path}::text[])", path=list(name.trait))
    if name.written == "customer.name":
        return _CUSTOMER
    root, _dot, rest = name.written.partition(".")
    return Sql(f"{_COLUMNS[rest]}::text") if root == "profile" and rest in _COLUMNS else None


def _text_of(nought: int | None) -> Sql:
    return Sql("NULL" if nought is None else f"'{nought}'")
