"""When time alone can move people: a segment is counted anew from then on, and not before."""

from datetime import UTC, datetime, timedelta

import pytest

from segments.members.due import due
from segments.members.stored import counted_in
from segments.models import Segment
from segments.rules import parse_rule
from segments.services import create_segment
from tests.segments.builders import event, group, trait

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, 5, tzinfo=UTC)
ROLLING = event("Order Completed", window={"last": {"days": 30}})
BIRTHDAY = trait("birthday", "anniversary_in", {"days": 0})
CASES = [
    (trait("plan", "eq", "pro"), None),
    (event("Order Completed"), None),
    (event("Order Completed", window={"from": "2026-01-01"}), None),
    (ROLLING, 5),
    (event("A", where=[{"property": "due", "op": "in_next", "value": {"days": 1}}]), 5),
    (trait("renews", "in_last", {"days": 1}), 5),
    (trait("profile.last_seen", "before", "2026-01-01"), 5),
    (BIRTHDAY, 15),
    (group("any", BIRTHDAY, trait("plan", "eq", "pro")), 15),
    (group("none", BIRTHDAY, ROLLING), 5),
]


def test_a_rule_says_from_when_on_time_alone_can_change_its_answer():
    for condition, minute in CASES:
        expected = None if minute is None else NOON.replace(minute=minute)
        assert parse_rule(group("all", condition)).due_at(NOON) == expected, condition
    assert parse_rule(group("all", BIRTHDAY)).due_at(NOON.replace(minute=15)) == NOON.replace(
        minute=30
    ), "of the quarter that has begun the answer is known"


def test_a_segment_is_counted_anew_once_time_can_have_moved_somebody():
    for slug, condition in (("birthdays", BIRTHDAY), ("buyers", ROLLING)):
        create_segment(slug=slug, name=slug, rule=group("all", condition))
    Segment.objects.update(
        status=Segment.Status.FRESH, refreshed_at=NOON, refresh_requested_at=None, version=1
    )
    Segment.objects.update(counted_in=counted_in())

    def waiting(minutes: float) -> set[str]:
        numbers = due(NOON + timedelta(minutes=minutes))
        return set(Segment.objects.filter(pk__in=numbers).values_list("slug", flat=True))

    assert waiting(0.5) == set()
    assert waiting(2) == {"buyers"}
    assert waiting(9) == {"buyers"}
    assert waiting(10) == {"buyers", "birthdays"}
