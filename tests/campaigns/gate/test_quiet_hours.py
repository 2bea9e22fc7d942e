"""Quiet hours end at the right hour of the wall clock, also where clocks change meanwhile."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from campaigns.gate.expression import Terms, judged
from campaigns.gate.quiet_hours import QuietHours
from config.postgres.sql import Sql, one, sql
from consent.models import Purpose
from tests.campaigns.builders import make_person, say

NIGHT = QuietHours(time(21), time(8))
SMALL_HOURS = QuietHours(time(22), time(2, 30))

# zone, quiet hours, when a message is due (UTC), when it may go (UTC); "" where at once
CASES = [
    ("Europe/Berlin", NIGHT, "2026-03-28T22:00", "2026-03-29T06:00"),  # clocks go forward
    ("Europe/Berlin", NIGHT, "2026-10-24T21:00", "2026-10-25T07:00"),  # and back
    ("Europe/Berlin", NIGHT, "2026-10-25T06:30", "2026-10-25T07:00"),  # 7:30, the clock was changed
    ("Europe/Berlin", NIGHT, "2026-07-01T06:00", ""),
    ("Europe/Berlin", SMALL_HOURS, "2026-03-28T22:00", "2026-03-29T01:30"),  # there is no 2:30
    ("Europe/Berlin", SMALL_HOURS, "2026-10-24T22:00", "2026-10-25T01:30"),  # the second 2:30
    ("Europe/Berlin", SMALL_HOURS, "2026-10-25T01:10", "2026-10-25T01:30"),  # 2:10 again
    ("Australia/Lord_Howe", NIGHT, "2026-10-03T12:00", "2026-10-03T21:00"),  # +10:30 to +11
    ("Australia/Lord_Howe", NIGHT, "2026-04-04T12:00", "2026-04-04T21:30"),  # +11 to +10:30
    ("No/Where", NIGHT, "2026-03-28T16:00", "2026-03-29T01:00"),  # the workspace's, Asia/Jakarta
]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.django_db
def test_the_gate_holds_until_the_quiet_hours_end_where_the_person_is():
    person = make_person("ada")
    say(person)
    for zone, quiet, due, until in CASES:
        person.time_zone = zone
        person.save()
        terms = Terms(
            purpose=Purpose.objects.get(slug="marketing"),
            channel="email",
            now=utc(due),
            due_at=utc(due),
            expires_at=utc("2027-01-01T00:00"),
            zone="Asia/Jakarta",
            quiet=quiet,
        )
        lines = judged(terms, Sql("(SELECT id AS profile_id FROM profile)"))
        query = sql("SELECT due_at, reason FROM ({lines}) q", lines=lines)
        assert one(query) == (utc(until or due), ""), (zone, due)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "Asia/Jakarta"])
@pytest.mark.parametrize("quiet", [NIGHT, SMALL_HOURS, QuietHours(time(1), time(2, 15))])
def test_the_end_is_later_and_outside_of_quiet_hours_at_every_quarter_of_the_change_nights(
    zone, quiet
):
    place = ZoneInfo(zone)
    for month, day in ((3, 28), (4, 4), (10, 3), (10, 24)):
        for quarter in range(4 * 48):
            at = datetime(2026, month, day, quarter // 4 % 24, 15 * (quarter % 4), tzinfo=UTC)
            until = quiet.until(at, place)
            if until is not None:
                assert until > at
                assert quiet.until(until, place) is None
