"""Which units the tick wakes: what is due and what fails at once, the others now and then."""

import pytest
from django.db import OperationalError

from config.workspace.models import WorkRun
from config.workspace.work import calling
from config.workspace.work.due import WORK
from config.workspace.work.waiting import DUE, WAITING

pytestmark = pytest.mark.django_db


def names(calls, now):
    return {name for name, _ in calls.due(now)}


def test_all_are_woken_first_and_then_each_by_the_sweep():
    calls = calling.Calls()
    assert dict(calls.due(100.0)) == dict.fromkeys(WORK.names(), True)
    assert names(calls, 101.0) == set()
    assert names(calls, 100.0 + calling.SWEEP_SECONDS) == set(WORK.names())


def test_one_that_fails_is_woken_at_each_tick_until_it_goes_well():
    calls = calling.Calls()
    names(calls, 0.0)
    row = WorkRun.objects.create(name="retention", error="x", error_since="2026-01-01T00:00Z")
    WorkRun.objects.create(name="send.email", error="x", error_since="2026-01-01T00:00Z")
    assert dict(calls.due(1.0)) == {"retention": False}, "a channel is no unit of work"
    WorkRun.objects.filter(pk=row.pk).update(error_since=None)
    assert names(calls, 2.0) == set()


@pytest.mark.parametrize("is_due", [True, False])
def test_what_a_unit_says_itself_counts_before_what_waits(monkeypatch, is_due):
    monkeypatch.setitem(DUE._entries, "ingest", (0, f"(SELECT {is_due})"))
    monkeypatch.setitem(WAITING._entries, "merge", (0, "SELECT now() - interval '1 minute'"))
    monkeypatch.setitem(WAITING._entries, "rewrite", (0, "SELECT now() + interval '1 minute'"))
    assert set(calling.with_work()) == {"merge"} | ({"ingest"} if is_due else set())


def test_every_unit_is_woken_where_it_cannot_be_found_out(monkeypatch):
    monkeypatch.setitem(DUE._entries, "ingest", (0, "(SELECT pg_sleep(9) IS NULL)"))
    monkeypatch.setattr(calling, "MOST_MS", 20)
    assert list(calling.with_work()) == WORK.names(), "somebody holds a table: it takes too long"
    monkeypatch.setitem(DUE._entries, "ingest", (0, "EXISTS (SELECT FROM not_there)"))
    assert list(calling.with_work()) == WORK.names()


def test_a_database_that_is_away_is_said(monkeypatch):
    def gone():
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(calling, "_statement", gone)
    with pytest.raises(OperationalError):
        calling.with_work()
