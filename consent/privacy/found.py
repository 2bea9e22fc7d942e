"""What there is of a person before anything is done: table by table, and what becomes of it."""

from dataclasses import dataclass

from config.workspace.tables.belonging import Erased
from consent.models import PrivacyRequest
from consent.privacy.holdings import count, holdings_of
from consent.privacy.subject import person_of, subject_of


@dataclass
class FoundRows:
    """Rows of one table with one fate; what stays is kept with its ground, emptied of them."""

    table: str
    rows: int
    act: str
    ground: str


def found_of(request: PrivacyRequest) -> list[FoundRows]:
    """Largest first; nothing where nobody is known, or nothing is left.

    A row that two declarations find is counted by the first alone. One query a table, and some.
    """
    person = person_of(request)
    if person is None:
        return []
    subject = subject_of(person)
    found = [FoundRows("profile", len(subject.ever), "erase", "")]
    for holding in holdings_of(subject):
        if n := count(holding):
            act = "erase" if holding.act is Erased.ERASED else "keep"
            found.append(FoundRows(holding.table, n, act, str(holding.ground)))
    by_key: dict[tuple[str, str], FoundRows] = {}
    for one in found:
        known = by_key.setdefault((one.table, one.act), one)
        known.rows = max(known.rows, one.rows)
        known.ground = known.ground or one.ground
    return sorted(by_key.values(), key=lambda one: -one.rows)
