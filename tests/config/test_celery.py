"""Wake-ups: gathered, bounded, and silent about people."""

import threading
import time

import pytest
from celery import Celery
from celery.exceptions import TimeLimitExceeded, WorkerLostError
from django.db import connection

from config import celery
from config.postgres import broker
from config.workspace.health import alive
from config.workspace.models import WorkRun
from config.workspace.work import recording
from config.workspace.work.due import WORK
from config.workspace.work.waiting import DELIVERY_WORKER


@pytest.fixture
def sent(monkeypatch):
    names = []
    monkeypatch.setattr(
        celery.CeleryApplication, "send_now", lambda self, name, **_: names.append(name)
    )
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
        celery.CeleryApplication, "send_now", lambda self, name, **_: ticker.stopped.set()
    )
    ticker.run()
    recording.flush()
    assert WorkRun.objects.get(name="worker").handled == 1
    assert alive.read(settings.VAR_DIR).reason == ""


@pytest.mark.django_db(transaction=True)
def test_a_worker_of_the_delivery_pool_wakes_nobody_and_says_that_it_is_there(
    monkeypatch, settings, tmp_path, sent
):
    monkeypatch.setattr(celery, "TICK_SECONDS", 0)
    settings.VAR_DIR = tmp_path
    made = celery.Ticker([broker.DELIVERY_QUEUE])
    monkeypatch.setattr(made, "sign", lambda reason: made.stopped.set())
    made.run()
    recording.flush()
    assert sent == []
    assert list(WorkRun.objects.values_list("name", flat=True)) == [DELIVERY_WORKER]


def test_a_hung_mail_server_shares_no_queue_with_anything_else(monkeypatch):
    queues = {}
    monkeypatch.setattr(
        Celery, "send_task",
        lambda self, name, args, queue, **_: queues.setdefault(queue, set()).update(args),
    )  # fmt: skip
    for name in WORK.names():
        celery.app.send_now(name)
    waiting = {"delivery", "mails", "opendsr", "time_stamps", "webhooks"}  # for servers of others
    assert queues.pop(broker.DELIVERY_QUEUE) == waiting
    assert queues.pop(broker.QUEUE) == set(WORK.names()) - waiting
    assert queues == {}
    assert {queue.name for queue in celery.app.conf.task_queues} == set(celery.QUEUES.values())


@pytest.mark.django_db(transaction=True)
def test_an_installation_from_before_gets_the_second_queue():
    with connection.owner(), connection.cursor() as cursor:
        broker.install(connection)
        cursor.execute("SELECT pgmq.drop_queue(%s)", [broker.DELIVERY_QUEUE])
        cursor.execute("SELECT pgmq.send(%s, '{}')", [broker.QUEUE])
        broker.install(connection)
        cursor.execute("SELECT count(*) FROM pgmq.q_rapport")
        assert cursor.fetchone() == (1,), "what stood in the first one stays"
        cursor.execute("SELECT count(*) FROM pgmq.q_rapport_delivery")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT pgmq.purge_queue(%s)", [broker.QUEUE])  # nobody can read it


@pytest.mark.parametrize(
    ("error", "said"),
    [(TimeLimitExceeded(240), "killed after 240 s"), (WorkerLostError(), "its process was killed")],
)
@pytest.mark.django_db(transaction=True)
def test_a_run_that_was_killed_is_known_to_health(error, said):
    celery._note_killed(exception=error, args=["ingest"])
    wait_for(lambda: not any(t.name == "killed" for t in threading.enumerate()))
    assert WorkRun.objects.get(name="ingest").error == said


@pytest.mark.django_db(transaction=True)
def test_a_tick_that_cannot_wake_anybody_leaves_its_reason(monkeypatch, ticker, settings):
    def refuse(self, name, **_):
        ticker.stopped.set()
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(celery.CeleryApplication, "send_now", refuse)
    ticker.run()
    row = WorkRun.objects.get(name="worker")
    assert (row.error, row.last_success) == ("ConnectionRefusedError: connection refused", None)
    assert alive.read(settings.VAR_DIR).reason == row.error


def test_unknown_work_is_no_error(kind, caplog):
    celery.work("gone")
    assert "gone" in caplog.text
