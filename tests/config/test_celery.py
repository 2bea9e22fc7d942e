"""Wake-ups: gathered, bounded, and silent about people."""

import time

import pytest

from config import celery
from config.workspace.health import alive, recording
from config.workspace.models import WorkRun
from config.workspace.work import WORK


@pytest.fixture
def sent(monkeypatch):
    names = []
    monkeypatch.setattr(celery.Application, "send_now", lambda self, name, **_: names.append(name))
    return names


@pytest.fixture
def kind(monkeypatch):
    """A kind of work called "probe", with the given function."""

    def sign_in(function):
        monkeypatch.setattr(WORK, "_entries", {"probe": (0, function)})

    return sign_in


def wait_for(condition):
    for _ in range(100):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("not within 2 s")


def test_a_burst_of_hints_goes_out_as_few(sent):
    for _ in range(1000):
        celery.app.send_task(celery.TASK, ["probe"])
    wait_for(lambda: sent)
    time.sleep(celery.GATHER_SECONDS * 3)
    assert set(sent) == {"probe"}
    assert len(sent) < 20


def test_work_is_repeated_until_nothing_is_left(kind):
    left = [3, 2, 1, 0]
    kind(lambda: left.pop(0))
    celery.work("probe")
    assert left == []


def test_long_work_gives_way_and_is_woken_again(kind, sent, monkeypatch):
    monkeypatch.setattr(celery, "SLICE_SECONDS", 0)
    kind(lambda: 1)
    celery.work("probe")
    wait_for(lambda: sent == ["probe"])


def test_a_failure_is_logged_without_its_words(kind, caplog):
    person = "@".join(["ada", "example.com"])  # the trace shows source lines, never values

    def fail():
        raise ValueError(person)

    kind(fail)
    celery.work("probe")
    assert "ValueError" in caplog.text
    assert person not in caplog.text


@pytest.fixture
def ticker(monkeypatch, settings, tmp_path):
    """Stops after its first tick."""
    monkeypatch.setattr(celery, "TICK_SECONDS", 0)
    settings.VAR_DIR = tmp_path
    recording.forget()
    made = celery.Ticker()
    yield made
    recording.forget()


@pytest.mark.django_db(transaction=True)
def test_a_tick_is_noted_as_the_worker_with_a_sign_on_disk(monkeypatch, ticker, settings):
    monkeypatch.setattr(
        celery.Application, "send_now", lambda self, name, **_: ticker.stopped.set()
    )
    ticker.run()
    recording.flush()
    assert WorkRun.objects.get(name="worker").handled == 1
    assert alive.read(settings.VAR_DIR).reason == ""


@pytest.mark.django_db(transaction=True)
def test_a_tick_that_cannot_wake_anybody_leaves_its_reason(monkeypatch, ticker, settings):
    def refuse(self, name, **_):
        ticker.stopped.set()
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(celery.Application, "send_now", refuse)
    ticker.run()
    row = WorkRun.objects.get(name="worker")
    assert (row.error, row.last_success) == ("ConnectionRefusedError: connection refused", None)
    assert alive.read(settings.VAR_DIR).reason == row.error


def test_unknown_work_is_no_error(kind, caplog):
    celery.work("gone")
    assert "gone" in caplog.text
