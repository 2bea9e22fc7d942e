"""One judgement of each unit of work: well, behind, failing; and what is said of it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone, translation

from config.console import health_words as words
from config.postgres import capacity
from config.workspace.health import status
from config.workspace.health.status import HealthLevel, Run
from config.workspace.models import SendCount, WorkRun
from config.workspace.work import recording
from config.workspace.work.due import WORK
from config.workspace.work.waiting import WORKERS
from profiles.models import Inbox, Source

pytestmark = pytest.mark.django_db
CROWDED = "OperationalError: too many connections"


def refuse():
    raise OperationalError("FATAL: sorry, too many clients already")


@pytest.fixture(autouse=True)
def long_ago(monkeypatch, settings, tmp_path):
    """A process that has run for an hour, where a worker is expected."""
    monkeypatch.setattr(status, "STARTED", ago(3600))
    settings.WAKE_BY_CELERY = True
    settings.VAR_DIR = tmp_path


def ago(seconds):
    return timezone.now() - timedelta(seconds=seconds)


def all_well(**changed):
    """A row for each unit that ran a second ago; `changed` by name."""
    WorkRun.objects.all().delete()
    for name in [*WORKERS, *WORK.names()]:
        own = {"last_success": ago(1), "last_progress": ago(1)} | changed.get(name, {})
        WorkRun.objects.create(name=name, **own)


def read():
    with connection.cursor() as cursor:
        return status.read(cursor)


def said(health):
    with translation.override("en"):
        return {unit.name: words.said(unit) for unit in health.failing}


def test_every_unit_is_judged_and_nothing_to_do_is_well():
    all_well()
    health = read()
    assert [unit.name for unit in health.units] == [*WORKERS, *WORK.names()]
    assert health.level == HealthLevel.OK
    assert health.failing == []


def test_a_dead_worker_is_the_one_reason_said():
    all_well(worker={"last_success": ago(130)}, ingest={"last_success": ago(700)})
    health = read()
    assert said(health) == {"worker": "no tick for 2 min"}
    assert words.headline(health).startswith("Nothing has been processed since ")


def test_the_worker_on_this_machine_says_why_it_does_not_tick(settings):
    status.alive.write(settings.VAR_DIR, "OperationalError: connection refused")
    all_well(worker={"last_success": ago(300)})
    assert said(read()) == {"worker": "no tick for 5 min (OperationalError: connection refused)"}


def test_a_worker_that_says_why_is_believed_after_half_a_minute(settings):
    for seconds, failing in ((20, {}), (40, {"worker": f"no tick for 40 s ({CROWDED})"})):
        all_well(worker={"last_success": ago(seconds)})
        status.alive.write(settings.VAR_DIR, CROWDED)
        assert said(read()) == failing
    status.alive.write(settings.VAR_DIR, "")
    assert read().level == HealthLevel.OK, "one that is silent is waited for"


def test_a_process_that_gets_no_connection_says_why_by_a_file(settings, monkeypatch):
    """It cannot write it down: the web process, which has one, reads it beside the database."""
    clock = ago(60).timestamp()
    all_well(segments={"last_success": ago(50)})
    with monkeypatch.context() as alone:
        alone.setattr(connection, "ensure_connection", refuse)
        alone.setattr(recording.timezone, "now", lambda: datetime.fromtimestamp(clock, UTC))
        recording.failed("segments", OperationalError("FATAL: sorry, too many clients already"))
        recording.failed("ingest", OperationalError("FATAL: sorry, too many clients already"))
        recording.flush()
    (reason,) = said(read()).values()
    assert reason.startswith(f"{CROWDED}, 1 time since "), "ingest ends well in another process"
    assert list(said(read())) == ["segments"]
    for name in ("segments", "ingest"):
        recording.succeeded(name, 1)
    recording.flush()
    assert read().level == HealthLevel.OK


def test_a_database_that_takes_few_connections_is_said_with_both_figures(settings):
    all_well()
    with connection.cursor() as cursor:
        needed = capacity.ask(cursor).needed
    settings.DATABASE_CONNECTIONS = needed
    assert read().level == HealthLevel.OK
    settings.DATABASE_CONNECTIONS = needed - 1
    unit = read().unit("connections")
    assert unit.level == HealthLevel.BEHIND
    text = f"it takes {needed - 1} of this installation, whose processes may need {needed}"
    assert words.said(unit) == text
    assert "max_connections" in words.remedy(unit)


def test_a_worker_that_never_came_is_missed_and_not_where_cron_drains(settings):
    all_well()
    WorkRun.objects.filter(name="worker").delete()
    assert list(said(read())) == ["worker"]
    settings.WAKE_BY_CELERY = False
    assert read().level == HealthLevel.OK


def test_after_a_night_off_there_is_a_moment_to_begin(monkeypatch):
    raising = {"last_success": ago(9000), "error_since": ago(8000), "error_at": ago(8000)}
    all_well(worker={"last_success": ago(40_000)}, ingest=raising | {"error": "KeyError"})
    monkeypatch.setattr(status, "STARTED", ago(5))
    assert read().level == HealthLevel.OK
    monkeypatch.setattr(status, "STARTED", ago(121))
    assert list(said(read())) == ["worker"]


@pytest.mark.parametrize(
    ("seconds", "level"), [(5, HealthLevel.OK), (29, HealthLevel.OK), (40, HealthLevel.FAILING)]
)
def test_a_unit_that_raises_fails_after_half_a_minute(seconds, level):
    row = Run("ingest", ago(seconds), ago(seconds), 9, 9, 0, "KeyError", ago(seconds), ago(1), 9)
    assert status.judge(row, 0, timezone.now()).level == level


def test_a_unit_that_raises_says_what_how_often_and_since_when():
    since = timezone.now() - timedelta(minutes=3)
    row = {"error": "OperationalError: connection refused", "error_count": 59}
    all_well(ingest=row | {"error_since": since, "error_at": ago(1)})
    (reason,) = said(read()).values()
    assert reason.startswith("OperationalError: connection refused, 59 times since ")
    assert reason.endswith(" UTC")


def test_waiting_work_is_behind_while_it_goes_on_and_failing_once_nothing_is_done():
    source = Source.objects.create(name="shop", kind="server")
    Inbox.objects.create(source=source, body=b"[]", received_at=ago(400))
    all_well()
    unit = read().unit("ingest")
    assert unit.level == HealthLevel.BEHIND
    assert 399 < unit.lag_seconds < 500
    all_well(ingest={"last_progress": ago(310)})
    assert read().unit("ingest").level == HealthLevel.FAILING
    assert said(read())["ingest"].startswith("the oldest work waits for 6 min")
    Inbox.objects.update(failed_at=timezone.now())  # set aside: it waits for nobody
    assert read().unit("ingest").lag_seconds == 0


def test_a_unit_that_the_ticks_never_reach_fails():
    all_well(segments={"last_success": ago(660)})
    assert said(read()) == {"segments": "no run has ended for 11 min"}


def test_a_mail_server_that_takes_nothing_fails_delivery_after_a_minute():
    def refusing(since, tried):
        all_well()
        WorkRun.objects.create(
            name="send.email", error="535 5.7.8 authentication failed",
            error_since=ago(since), error_at=ago(tried), error_count=25,
        )  # fmt: skip
        return read()

    assert refusing(20, 1).level == HealthLevel.BEHIND
    health = refusing(90, 1)
    (reason,) = said(health).values()
    assert reason.startswith("mail: 25 of 25 refused since ")
    assert reason.endswith(": 535 5.7.8 authentication failed")
    assert words.title(health.unit("delivery")) == "The mail server takes nothing"
    assert refusing(90_000, 80_000).level == HealthLevel.BEHIND  # nothing was tried for a day
    assert refusing(7000, 3700).level == HealthLevel.BEHIND  # nor since the start


def test_a_server_that_refuses_most_is_behind():
    all_well()
    WorkRun.objects.create(name="send.email", last_success=ago(2))
    minute = timezone.now().replace(second=0, microsecond=0)
    for outcome, word, n in (("sent", "", 5), ("temporary", "451 too fast", 15)):
        SendCount.objects.create(channel="email", outcome=outcome, word=word, minute=minute, n=n)
    unit = read().unit("delivery")
    assert unit.level == HealthLevel.BEHIND
    with translation.override("en"):
        assert "mail: 15 of 20 refused" in words.said(unit)
