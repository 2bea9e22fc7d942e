"""Durations: one reader, and the same moment whether Python or the database counts it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from config.postgres.sql import Sql, one, sql
from profiles.language.reading.reader import Reader
from profiles.language.times.clock import Clock
from profiles.language.times.durations import LONGEST, Duration, read_duration, stored_duration

moments = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
durations = st.builds(
    Duration, st.sampled_from(["minutes", "hours", "days", "weeks", "months"]), st.integers(1, 600)
)
zones = st.sampled_from(["UTC", "Europe/Berlin", "Asia/Jakarta", "Pacific/Auckland"])


@pytest.mark.django_db
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(duration=durations, moment=moments, zone=zones)
# one that is there twice, and one that is never there
@example(Duration("months", 1), datetime(2026, 9, 25, 0, 30, tzinfo=UTC), "Europe/Berlin")
@example(Duration("months", 1), datetime(2026, 2, 28, 13, 30, tzinfo=UTC), "Europe/Berlin")
@example(Duration("months", 1), datetime(2027, 2, 28, 1, 30, tzinfo=UTC), "Europe/Berlin")
@example(Duration("months", 1), datetime(2026, 1, 31, 12, tzinfo=UTC), "UTC")
def test_python_and_the_database_count_the_same(duration, moment, zone):
    place = ZoneInfo(zone)
    clock = Clock(moment, place, Sql("NULL"))
    assert one(sql("SELECT {then}", then=duration.after(clock))) == (
        duration.after_moment(moment, place),
    )
    assert one(
        sql("SELECT {text}::interval = {span}", text=duration.text, span=duration.interval)
    ) == (True,)


def test_a_duration_is_a_whole_number_of_one_unit():
    for value in (
        None, 5, {}, {"days": 0}, {"days": -1}, {"days": 1.5}, {"days": "3"}, {"days": True},
        {"years": 1}, {"days": 1, "hours": 1}, {"days": LONGEST["days"] + 1}, {"days": 10**400},
    ):  # fmt: skip
        reader = Reader({"last": value}, "window")
        assert read_duration(reader, "last") is None
        assert [problem.path.split(".")[:2] for problem in reader.problems] == [["window", "last"]]
    for unit, most in LONGEST.items():
        reader = Reader({"last": {unit: most}})
        assert read_duration(reader, "last") == Duration(unit, most)
        assert not reader.problems


def test_what_was_stored_before_is_still_read():
    assert stored_duration(None) is None
    assert stored_duration({}) is None
    assert stored_duration({"days": 3}) == Duration("days", 3)
    assert stored_duration({"days": 3.0}) == Duration("days", 3)
    assert stored_duration({"days": 0.5}) == Duration("minutes", 720)
    assert stored_duration({"minutes": 0.2}) == Duration("minutes", 1)
    assert stored_duration({"days": 3}).describe() == "3 days"
    assert round(stored_duration({"months": 2}).in_days) == 60
