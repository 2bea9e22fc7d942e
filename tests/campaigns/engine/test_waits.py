"""When a wait is over: rolling, by the calendar, by whose clock."""

from datetime import UTC, datetime

import pytest

from campaigns.engine.steps import kind_of
from config.postgres.sql import one, sql
from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace
from tests.campaigns.builders import make_person

pytestmark = pytest.mark.django_db


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def over(step: dict, arrival: str, **person) -> datetime:
    """When the wait of somebody who arrives then is over."""
    profile = make_person(**person)
    due = kind_of(step).due(step, sql("{at}::timestamptz", at=at(arrival)))
    (found,) = one(sql("SELECT {due} FROM profile p WHERE p.id = {id}", due=due, id=profile.pk))
    return found.astimezone(UTC)


@pytest.fixture(autouse=True)
def amsterdam():
    Workspace.objects.update(time_zone="Europe/Amsterdam")
    forget_workspace()
    yield
    forget_workspace()


def wait(**step) -> dict:
    return {"kind": "wait", **step}


NINE = {"time": "09:00"}
MONDAY = NINE | {"weekday": "monday"}


@pytest.mark.parametrize(
    ("step", "arrival", "zone", "found"),
    [
        (wait(**{"for": {"seconds": 90}}), "2026-03-02T08:00", "", "2026-03-02T08:01:30"),
        # two days are 48 hours, also over the night when clocks change
        (wait(**{"for": {"days": 2}}), "2026-03-28T08:00", "", "2026-03-30T08:00"),
        # a month is the workspace's: it ends at the same hour of the wall
        (wait(**{"for": {"months": 1}}), "2026-03-01T08:00", "", "2026-04-01T07:00"),
        (wait(until=NINE), "2026-01-05T07:59", "", "2026-01-05T08:00"),
        (wait(until=NINE), "2026-01-05T08:00", "", "2026-01-05T08:00"),
        (wait(until=NINE), "2026-01-05T08:01", "", "2026-01-06T08:00"),
        (wait(until=NINE), "2026-01-05T08:01", "Asia/Jakarta", "2026-01-06T02:00"),
        (wait(until=NINE), "2026-01-05T01:00", "Asia/Jakarta", "2026-01-05T02:00"),
        (wait(until=NINE), "2026-01-05T07:00", "No/Where", "2026-01-05T08:00"),
        (wait(until=MONDAY), "2026-01-05T07:00", "", "2026-01-05T08:00"),
        (wait(until=MONDAY), "2026-01-05T09:00", "", "2026-01-12T08:00"),
        (wait(until=MONDAY), "2026-01-04T23:30", "Asia/Jakarta", "2026-01-05T02:00"),
        # an hour that the night of the change leaves out is not too early
        (wait(until={"time": "02:30"}), "2026-03-28T22:00", "", "2026-03-29T01:30"),
    ],
)
def test_when_a_wait_is_over(step, arrival, zone, found):
    assert over(step, arrival, time_zone=zone) == at(found)
    assert kind_of(step).describe(step)


BIRTHDAY = {"trait": "renewal", "offset": {"days": -3}}


@pytest.mark.parametrize(
    ("value", "zone", "found"),
    [
        ("2026-02-10", "", "2026-02-06T23:00"),
        ("2026-02-10", "Asia/Jakarta", "2026-02-06T17:00"),
        ("2026-02-10T12:00:00Z", "", "2026-02-07T12:00"),
        ("2020-02-10", "", "2026-01-05T08:00"),  # past: at once
        ("soon", "", "2026-01-05T08:00"),
        (7, "", "2026-01-05T08:00"),
        (None, "", "2026-01-05T08:00"),
    ],
)
def test_a_wait_until_a_date_of_the_persons_own(value, zone, found):
    step = wait(until=BIRTHDAY)
    traits = {} if value is None else {"renewal": value}
    assert over(step, "2026-01-05T08:00", time_zone=zone, traits=traits) == at(found)
