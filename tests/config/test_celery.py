"""Wake-ups: gathered, bounded, and silent about people."""

import time

import pytest

from config import celery
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


def test_unknown_work_is_no_error(kind, caplog):
    celery.work("gone")
    assert "gone" in caplog.text
