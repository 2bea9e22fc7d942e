"""What was turned away is said where it lasts, not after each burst."""

import pytest
from django.urls import reverse

from config.workspace.health import pressure


@pytest.fixture
def clock(monkeypatch):
    """Minutes that pass when told to."""
    now = [0.0]
    monkeypatch.setattr(pressure.time, "monotonic", lambda: now[0])
    pressure.forget()
    yield lambda minutes: now.__setitem__(0, now[0] + 60 * minutes)
    pressure.forget()


def test_it_lasts_when_it_was_so_in_two_minutes_of_ten(clock):
    pressure.turned_away("ingest", "full", 5)
    assert not pressure.lasting()
    clock(1)
    pressure.turned_away("ingest", "full")
    pressure.turned_away("login", "hashing", 2)
    assert pressure.lasting() == {"ingest": 6, "login": 2}
    clock(8.5)
    assert pressure.lasting()
    clock(2)
    assert not pressure.lasting()


@pytest.mark.django_db
def test_home_says_that_requests_were_turned_away(admin_client, monkeypatch):
    pressure.forget()  # what tests before this one were turned away with
    page = reverse("admin:index")
    assert "turned away" not in admin_client.get(page).content.decode()
    monkeypatch.setattr(pressure, "lasting", lambda: pressure.Counter(ingest=1200))
    assert "1,200 requests were turned away" in admin_client.get(page).content.decode()
