"""What there is of a person before anything is done: table by table, and what becomes of it."""

from dataclasses import dataclass

from consent.models import PrivacyRequest
from consent.privacy.holdings import ERASE, count, holdings_of
from consent.privacy.subject import DataSubject, subject_of
from profiles.models import Profile
from profiles.people.lineage import today_id


@dataclass
class FoundRows:
    """Rows of one table with one fate; what stays is kept with its ground, emptied of them."""

    table: str
    rows: int
    act: str
    ground: str


def found_of(request: PrivacyRequest) -> list[FoundRows]:
    """Nothing where nobody is known, or nothing is left. One query a table, and three more."""
    person = Profile.objects.filter(pk=today_id(request.profile_id or 0)).first()
    if person is None or person.state == Profile.State.ERASED:
        return []
    return found_of_subject(subject_of(person))


def found_of_subject(subject: DataSubject) -> list[FoundRows]:
    """Largest first. A row that two declarations find is counted by the first alone."""
    found = [FoundRows("profile", len(subject.ever), "erase", "")]
    for holding in holdings_of(subject):
        if n := count(holding):
            act = "erase" if holding.act == ERASE else "keep"
            found.append(FoundRows(holding.table, n, act, str(holding.ground)))
    by_key: dict[tuple[str, str], FoundRows] = {}
    for one in found:
        known = by_key.setdefault((one.table, one.act), one)
        known.rows = max(known.rows, one.rows)
        known.ground = known.ground or one.ground
    return sorted(by_key.values(), key=lambda one: -one.rows)
