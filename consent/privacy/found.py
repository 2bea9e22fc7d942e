"""What there is of a person before anything is done: table by table, and what becomes of it."""

from dataclasses import dataclass

from config.workspace.tables.belonging import Erased
from consent.models import PrivacyRequest
from consent.privacy.duties import in_force
from consent.privacy.erasure.exceptions import applied
from consent.privacy.holdings import count
from consent.privacy.subject import person_of, subject_of


@dataclass
class FoundRows:
    """Rows of one table with one fate; what stays is kept with its ground, emptied of
    them, or whole where an exception keeps it."""

    table: str
    rows: int
    act: str
    ground: str
    is_whole: bool = False


def found_of(request: PrivacyRequest) -> list[FoundRows]:
    """Largest first; nothing where nobody is known, or nothing is left.

    A row that two declarations find is counted by the first alone. One query a table, and some.
    """
    person = person_of(request)
    if person is None:
        return []
    subject = subject_of(person)
    found = [FoundRows("profile", len(subject.ever), "erase", "")]
    for holding in applied(subject, in_force(request)):
        if n := count(holding):
            act = "erase" if holding.act is Erased.ERASED else "keep"
            is_whole = bool(holding.exception_id)
            found.append(FoundRows(holding.table, n, act, str(holding.ground), is_whole))
    by_key: dict[tuple[str, str, str], FoundRows] = {}
    for one in found:
        known = by_key.setdefault((one.table, one.act, one.ground if one.is_whole else ""), one)
        known.rows = max(known.rows, one.rows)
        known.ground = known.ground or one.ground
    return sorted(by_key.values(), key=lambda one: -one.rows)
