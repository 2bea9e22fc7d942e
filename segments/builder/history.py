"""The rules of a segment as they were saved: who, when, and what it did to its people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from profiles.language.reading.reader import RuleError
from profiles.selectors.masking import Shown
from segments.models import Segment, SegmentVersion
from segments.rules import Group, parse_rules
from segments.rules.personal import is_hidden, masked_rule

SHOWN = 20


@dataclass(frozen=True)
class SavedRule:
    """One version. `rule` is None where this reader may not have it; `said` as a sentence, None
    where it cannot be read any more.
    """

    row: SegmentVersion
    rule: Mapping[str, Any] | None
    said: Group | None

    @property
    def script_id(self) -> str:
        """Where a page holds its rule."""
        return f"hist-{self.row.number}"


def saved_rules(segment: Segment, shown: Shown) -> list[SavedRule]:
    """The newest of them, the newest first, once there is more than the one in force; some queries
    however many they are.
    """
    rows = segment.versions.select_related("created_by").order_by("-number")[:SHOWN]
    return read_saved(list(rows), shown) if len(rows) > 1 else []


def read_saved(rows: Sequence[SegmentVersion], shown: Shown) -> list[SavedRule]:
    """These versions, as this reader may have them; a query for each kind of what they name."""
    return [_read(row, said, shown) for row, said in zip(rows, _said(rows), strict=True)]


def _read(row: SegmentVersion, said: Group | None, shown: Shown) -> SavedRule:
    if said is None or is_hidden(said, shown) or masked_rule(row.rule, shown) != row.rule:
        return SavedRule(row, None, said.masked(shown) if said else None)
    return SavedRule(row, row.rule, said)


def _said(rows: Sequence[SegmentVersion]) -> list[Group | None]:
    try:
        return list(parse_rules(row.rule for row in rows))
    except RuleError:
        return [_one(row) for row in rows]


def _one(row: SegmentVersion) -> Group | None:
    try:
        return parse_rules([row.rule])[0]
    except RuleError:
        return None
