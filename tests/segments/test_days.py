"""A day in a rule is the workspace's day: where it is counted, written and explained."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace
from segments import services
from segments.builder.explain import explain_rule
from segments.members.due import due
from segments.members.stored import refresh
from segments.models import Segment, SegmentSize
from segments.rules import parse_rule
from segments.rules.compiler import CompileContext, members_of
from tests.segments.builders import AS_OF, event, group, make_event, make_person, trait

pytestmark = pytest.mark.django_db
ORDER = "Order Completed"


def live_in(zone: str, **more: str) -> None:
    Workspace.objects.update(time_zone=zone, **more)
    forget_workspace()


def members(condition: dict, as_of: datetime = AS_OF) -> set[int]:
    return members_of(parse_rule(group("all", condition)), CompileContext(as_of=as_of))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def days_before_as_of(text: str) -> float:
    return (AS_OF - at(text)).total_seconds() / 86_400


def test_an_order_at_five_in_the_morning_counts_for_the_day_it_is_in_jakarta():
    """05:00 on the 15th in Jakarta is 22:00 on the 14th in Greenwich."""
    person = make_person(events=[(ORDER, days_before_as_of("2026-11-14T22:00"))])
    fifteenth = event(ORDER, window={"from": "2026-11-15", "to": "2026-11-15"})
    fourteenth = event(ORDER, window={"from": "2026-11-14", "to": "2026-11-14"})
    assert (members(fifteenth), members(fourteenth)) == (set(), {person.pk})
    live_in("Asia/Jakarta")
    assert (members(fifteenth), members(fourteenth)) == ({person.pk}, set())
    rule = parse_rule(group("all", fifteenth))
    assert rule.describe() == f"did {ORDER} from 15 Nov 2026 to 15 Nov 2026"
    (clause,) = explain_rule(rule, person).clauses
    assert (clause.holds, clause.found) == (True, f"{ORDER} once; last on 15 Nov 2026, 05:00 WIB")
    timed = group("all", event(ORDER, window={"from": "2026-11-14T22:00:00Z"}))
    assert parse_rule(timed).describe() == f"did {ORDER} since 15 Nov 2026, 05:00 WIB"


@pytest.mark.parametrize(
    ("op", "value", "expected"),
    [
        ("before", "2026-11-15", "ab"),
        ("after", "2026-11-14", "cd"),
        ("between", ["2026-11-14", "2026-11-14"], "b"),
        ("between", ["2026-11-15", "2026-11-15"], "c"),
        ("between", ["2026-11-15", "9999-12-31"], "cd"),
        ("before", "2026-11-14T18:00:00Z", "abc"),
    ],
)
def test_days_and_times_of_traits_and_columns(op, value, expected):
    live_in("Asia/Jakarta")
    times = {
        "a": "2026-11-13T16:59:00Z",  # 23:59 on the 13th
        "b": "2026-11-14",
        "c": "2026-11-15T00:30:00+07:00",
        "d": "2026-11-15T17:00:00Z",  # the 16th
    }
    people = {letter: make_person(renews=text).pk for letter, text in times.items()}
    assert members(trait("renews", op, value)) == {people[letter] for letter in expected}
    moments = {"b": "2026-11-13T17:00:00"} | {k: v for k, v in times.items() if k != "b"}
    seen = {
        letter: make_person(first_seen=datetime.fromisoformat(text).astimezone(UTC)).pk
        if "Z" in text or "+" in text
        else make_person(first_seen=at(text)).pk
        for letter, text in moments.items()
    }
    found = members(trait("profile.first_seen", op, value))
    assert found & set(seen.values()) == {seen[letter] for letter in expected}


def test_an_anniversary_is_of_the_day_that_was_written_or_of_the_persons_own():
    """At noon UTC on the 20th it is 7 in New York and 19 in Jakarta, the same day."""
    live_in("Asia/Jakarta")
    written = make_person(birthday="1990-11-20", time_zone="America/New_York")
    midnight = make_person(birthday="1990-11-20T00:00:00.000Z", time_zone="America/New_York")
    abroad = make_person(birthday="1990-11-20T01:00:00Z", time_zone="America/New_York")  # the 19th
    early = make_person(birthday="1990-11-19T22:00:00Z")  # 5:00 on the 20th in Jakarta
    today = members(trait("birthday", "anniversary_in", {"days": 0}))
    assert today == {written.pk, midnight.pk, early.pk}
    assert abroad.pk not in today


def test_months_go_by_the_workspaces_calendar_and_days_are_rolling():
    live_in("Pacific/Auckland")
    # noon on 1 March there is 23:00 on 28 February in UTC, of which the month before has a 28th too
    as_of = at("2026-02-28T23:00:00")
    person = make_person(seen="2026-01-31T23:00:00Z", other="2026-01-31T22:59:00Z")
    assert members(trait("seen", "in_last", {"months": 1}), as_of) == {person.pk}
    assert members(trait("other", "in_last", {"months": 1}), as_of) == set()
    assert members(trait("other", "in_last", {"days": 29}), as_of) == {person.pk}


def test_a_workspace_that_moves_has_its_segments_counted_anew():
    person = make_person(renews="2026-11-14T22:00:00Z")
    rule = group("all", trait("renews", "after", "2026-11-14"))
    segment = services.create_segment(slug="renewers", name="Renewers", rule=rule)
    refresh(segment.pk)
    assert due(timezone.now()) == []
    live_in("Asia/Jakarta")
    assert due(timezone.now()) == [segment.pk]
    refresh(segment.pk)
    assert due(timezone.now()) == []
    segment = Segment.objects.get(pk=segment.pk)
    assert list(segment.membership_set.values_list("profile_id", flat=True)) == [person.pk]
    sizes = set(SegmentSize.objects.values_list("day", flat=True))
    assert timezone.localdate(timezone=timezone.get_fixed_timezone(7 * 60)) in sizes
    live_in("Asia/Jakarta", country="ID")  # what numbers without + mean
    assert due(timezone.now()) == [segment.pk]


def test_a_zone_that_the_database_does_not_know_is_utc():
    live_in("Mars/Base")
    make_event(person := make_person(), ORDER, days_before_as_of("2026-11-14T22:00"))
    assert members(event(ORDER, window={"to": "2026-11-14"})) == {person.pk}
