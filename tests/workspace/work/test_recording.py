"""Each run is noted in a row of its unit; a failure says why, and nobody's data."""

import logging
from collections import Counter

import pytest

from config.workspace.models import SendCount, WorkRun
from config.workspace.work import recording

pytestmark = pytest.mark.django_db


def fail():
    raise ValueError("ada@example.com")


def test_runs_are_gathered_and_a_streak_of_failures_is_dated_from_its_first():
    assert recording.watched("probe", lambda: 3) == 3
    assert recording.watched("probe", lambda: 0) == 0
    recording.flush()
    row = WorkRun.objects.get(name="probe")
    assert (row.runs, row.failures, row.handled) == (2, 0, 3)
    assert row.last_progress < row.last_success
    for _ in range(3):
        with pytest.raises(ValueError, match="ada"):
            recording.watched("probe", fail)
    first = WorkRun.objects.get(name="probe")  # written at once: it began to fail
    assert (first.error, first.error_count) == ("ValueError", 1)
    recording.flush()
    row.refresh_from_db()
    assert (row.runs, row.failures, row.error_count) == (5, 3, 3)
    assert row.error_since == first.error_since
    assert row.error_at > row.error_since
    recording.watched("probe", lambda: 1)  # written at once: it works again
    row.refresh_from_db()
    assert (row.error, row.error_since, row.error_count, row.failures) == ("", None, 0, 3)


def test_what_another_process_noted_is_added_to():
    WorkRun.objects.create(name="probe", runs=10, failures=2, handled=5)
    recording.succeeded("probe", 4)
    recording.flush()
    row = WorkRun.objects.get(name="probe")
    assert (row.runs, row.failures, row.handled) == (11, 2, 9)


def test_what_cannot_be_written_is_written_the_next_time(monkeypatch, caplog):
    recording.succeeded("probe", 2)
    recording.sent("email", Counter({("sent", ""): 2}))
    with monkeypatch.context() as away:
        away.setattr(recording, "_WRITE_UNITS", "SELECT no_such_column")
        recording.flush()
    assert "noting how work fares failed: ProgrammingError" in caplog.text
    recording.succeeded("probe", 1)
    recording.flush()
    assert WorkRun.objects.get(name="probe").handled == 3
    assert SendCount.objects.get(minute=None).n == 2


def test_a_fault_is_said_once_with_its_reason_then_counted_each_minute(monkeypatch, caplog):
    clock = [0.0]
    monkeypatch.setattr("config.workspace.work.repeats.time.monotonic", lambda: clock[0])
    log = recording.Repeats(logging.getLogger("rapport.work"))
    for _ in range(90):
        log.failed("work probe", "OperationalError: connection refused", "frames")
        clock[0] += 1
    log.worked("work probe")
    log.worked("work probe")
    assert [record.message for record in caplog.records] == [
        "work probe failed: OperationalError: connection refused\nframes",
        "work probe failed: OperationalError: connection refused (60 more times)",
        "work probe works again, after 90 failures in 90 s",
    ]


def test_hand_overs_are_counted_in_all_and_by_minute_with_words_that_name_nobody():
    word = "550 5.1.1 <jane@example.com>: +31 6 1234 5678 unknown, id 4F2A11C09B"
    recording.sent("email", Counter({("bounced", word): 2, ("sent", ""): 3}))
    recording.sent("email", Counter({("bounced", word.replace("4F2A", "99BC")): 1}))
    recording.flush()
    recording.sent("email", Counter({("sent", ""): 1}))
    recording.flush()
    totals = SendCount.objects.filter(minute=None).values_list("outcome", "word", "n")
    assert sorted(totals) == [("bounced", "", 3), ("sent", "", 4)]
    (bounced,) = SendCount.objects.filter(outcome="bounced").exclude(minute=None)
    assert bounced.n == 3
    assert bounced.word == "550 5.1.1 <<address>>: <phone> unknown, id …"
