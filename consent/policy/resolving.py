"""What the policy table says: for a place, a channel and a purpose, each term by the nearest row.

The nearest row is the one of the narrower place, then of the purpose before its class before any,
then of the channel before its legal class before any, then the one that came into force last. Rows
that are switched off, or whose days have not come or are over, say nothing. The table is small and
kept by the process.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from config.workspace.zones import today
from consent.channels import CHANNELS, legal_class
from consent.models import Policy, Purpose
from consent.policy.places import EEA, EEA_COUNTRIES, EVERYWHERE, UNKNOWN, wider
from consent.policy.terms import ON, PURPOSE, TERMS

KEPT_SECONDS = 5.0


@dataclass(frozen=True)
class PolicyWord:
    """What a term says somewhere, and the row that says it."""

    value: Any
    row: Policy


Terms = Mapping[str, Any]


@dataclass
class PolicyTable:
    """All rows, as of a moment or as they would be."""

    rows: Sequence[Policy]
    _asked: dict[tuple[Any, ...], dict[str, PolicyWord]] = field(default_factory=dict)

    def in_force(self, day: date) -> list[Policy]:
        """The rows that hold on a day."""
        return [
            row
            for row in self.rows
            if row.is_on
            and (row.valid_from is None or row.valid_from <= day)
            and (row.valid_until is None or day < row.valid_until)
        ]

    def said(
        self, place: str, channel: str, purpose: Purpose, day: date | None = None
    ) -> dict[str, PolicyWord]:
        """Each term that anything is said of, by its name, with the row that says it."""
        day = day or today()
        key = (place, channel, purpose.pk, purpose.purpose_class, day)
        if key not in self._asked:
            self._asked[key] = self._said(wider(place), channel, purpose, day)
        return self._asked[key]

    def _said(
        self, places: Sequence[str], channel: str, purpose: Purpose, day: date
    ) -> dict[str, PolicyWord]:
        rows = [
            row
            for row in self.in_force(day)
            if row.place in places
            and row.channel in ("", channel, legal_class(channel))
            and (row.purpose_id in (None, purpose.pk))
            and row.purpose_class in ("", purpose.purpose_class)
        ]
        found: dict[str, PolicyWord] = {}
        for row in sorted(rows, key=lambda row: _nearness(row, places)):
            found |= {name: PolicyWord(value, row) for name, value in row.terms.items()}
        return found

    def value(
        self, term: str, place: str, channel: str, purpose: Purpose, day: date | None = None
    ) -> Any:
        """What one term says; None where nothing does."""
        found = self.said(place, channel, purpose, day).get(term)
        return found.value if found else None

    def groups(
        self, terms: Iterable[str], channel: str, purpose: Purpose, day: date | None = None
    ) -> "PlaceGroups":
        """The places of the table by what they say of these terms."""
        terms = tuple(terms)
        places = {row.place for row in self.in_force(day or today())} - {EEA}
        places |= EEA_COUNTRIES | {EVERYWHERE, UNKNOWN}
        by_answer: dict[str, list[str]] = defaultdict(list)
        answers: dict[str, Terms] = {}
        for place in sorted(places):
            said = self.said(place, channel, purpose, day)
            answer = {name: said[name].value for name in terms if name in said}
            by_answer[repr(answer)].append(place)
            answers[repr(answer)] = answer
        return PlaceGroups([(codes, answers[key]) for key, codes in by_answer.items()])


@dataclass(frozen=True)
class PlaceGroups:
    """Places that say the same together, each with what they say."""

    groups: Sequence[tuple[Sequence[str], Terms]]

    @property
    def others(self) -> int:
        """The number of the group of every country that has no row."""
        return self._number(EVERYWHERE)

    @property
    def unknown(self) -> int:
        """The number of the group of people of no known country."""
        return self._number(UNKNOWN)

    @cached_property
    def named(self) -> list[list[str]]:
        """Of each group the codes that it has to be asked for: who is in none is `others`."""
        return [
            [code for code in codes if code not in (EVERYWHERE, UNKNOWN)]
            if n != self.others
            else [code for code in codes if self._is_inside_another(code)]
            for n, (codes, _terms) in enumerate(self.groups)
        ]

    def number_of(self, place: str) -> int:
        """The number of the group of a place (`places.place_of`), as `group_of` says it in SQL."""
        if place == UNKNOWN:
            return self.unknown
        for code in dict.fromkeys((place, place.partition("-")[0])):
            for n, codes in enumerate(self.named):
                if code in codes:
                    return n
        return self.others

    def _number(self, place: str) -> int:
        return next(n for n, (codes, _terms) in enumerate(self.groups) if place in codes)

    def _is_inside_another(self, code: str) -> bool:
        """A part of a country that says what everybody says, and not what its country does."""
        country, dash, _region = code.partition("-")
        return bool(dash) and any(
            country in codes for n, (codes, _t) in enumerate(self.groups) if n != self.others
        )


def _nearness(row: Policy, places: Sequence[str]) -> tuple[Any, ...]:
    return (
        -places.index(row.place),
        (row.purpose_id is not None) * 2 + bool(row.purpose_class),
        (row.channel != "") + (row.channel in CHANNELS),
        row.valid_from or date.min,
        row.pk or 0,
    )


@dataclass
class _Kept:
    table: PolicyTable | None = None
    until: float = 0.0


_kept = _Kept()


_as_if: ContextVar[PolicyTable | None] = ContextVar("policies", default=None)


@contextmanager
def as_if(table: PolicyTable) -> Iterator[None]:
    """Everything inside is asked as if these were the policies: a dry run."""
    token = _as_if.set(table)
    try:
        yield
    finally:
        _as_if.reset(token)


def policy_table() -> PolicyTable:
    """The table as it is now; one query in five seconds."""
    if (considered := _as_if.get()) is not None:
        return considered
    now = time.monotonic()
    if _kept.table is None or now >= _kept.until:
        _kept.table = PolicyTable(list(Policy.objects.all()))
        _kept.until = now + KEPT_SECONDS
    return _kept.table


def forget_policies() -> None:
    """Read the table anew next time (after a change, and between tests)."""
    _kept.table = None


def stricter_than_unknown(table: PolicyTable, day: date | None = None) -> list[Policy]:
    """Rows in force that protect people of a known place more than those of no known one."""
    day = day or today()
    found = []
    for row in table.in_force(day):
        if row.place == UNKNOWN:
            continue
        purpose = row.purpose or Purpose(purpose_class=row.purpose_class)
        said = table.said(UNKNOWN, row.channel, purpose, day)
        if any(_is_stricter(name, value, said.get(name)) for name, value in row.terms.items()):
            found.append(row)
    return found


def _is_stricter(name: str, value: Any, unknown: PolicyWord | None) -> bool:
    if unknown is None:
        return value not in (False, ON, PURPOSE)
    strictness = TERMS[name].strictness
    return strictness(value) > strictness(unknown.value)
