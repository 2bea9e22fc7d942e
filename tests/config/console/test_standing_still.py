"""While a unit of work fails, every page says so: dot, banner, Home, live events."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from config.workspace.health import status
from config.workspace.models import Role, User, WorkRun
from config.workspace.work.due import WORK
from config.workspace.work.waiting import WORKERS
from profiles.models import Inbox
from tests.cast import make_source

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def for_an_hour(monkeypatch, settings, tmp_path):
    """A process that has run for an hour, where a worker is expected and ticks."""
    monkeypatch.setattr(status, "STARTED", timezone.now() - timedelta(hours=1))
    settings.WAKE_BY_CELERY = True
    settings.VAR_DIR = tmp_path
    now = timezone.now()
    for name in [*WORKERS, *WORK.names()]:
        WorkRun.objects.create(name=name, last_success=now, last_progress=now)


@pytest.fixture
def dead_worker():
    at = timezone.now() - timedelta(minutes=7)
    WorkRun.objects.update(last_success=at)


@pytest.fixture
def refusing_server():
    now = timezone.now()
    WorkRun.objects.create(
        name="send.email", error="535 5.7.8 authentication failed", error_count=25,
        error_since=now - timedelta(minutes=4), error_at=now,
    )  # fmt: skip


def text_of(client, name, *args):
    status.forget()
    return client.get(reverse(name, args=args)).content.decode()


def test_all_is_well_without_a_banner(admin_client):
    text = text_of(admin_client, "admin:index")
    assert 'class="sh-dot is-ok"' in text
    assert "Everything runs" in text
    assert "sh-banner is-bad" not in text
    assert "is-bad" not in text_of(admin_client, "admin:home_part", "loop")


@pytest.mark.parametrize("role", Role.values)
def test_a_dead_worker_is_said_to_everybody_on_home(client, dead_worker, role):
    client.force_login(User.objects.create_user("someone", password="x", role=role))
    text = text_of(client, "admin:index")
    assert "<h1 " in text or "<h1>" in text
    assert text.count("Nothing has been processed since ") == 2  # the banner, and the sentence
    assert 'class="sh-dot is-bad"' in text
    assert "The worker does not run" in text  # needs you
    assert "o tick for 7 min" in text
    assert text_of(client, "admin:home_part", "loop").count("stopped") == 5


@pytest.mark.parametrize(
    "page",
    ["profiles:people", "segments:list", "campaigns:list", "admin:profiles_source_changelist"],
)
def test_every_page_has_the_banner(admin_client, dead_worker, page):
    text = text_of(admin_client, page)
    assert "sh-banner is-bad" in text
    assert 'class="sh-dot is-bad"' in text


def test_a_page_that_stays_open_is_told(admin_client, dead_worker):
    text = text_of(admin_client, "admin:health")
    assert "No tick for 7 min." in text
    assert 'hx-swap-oob="true"' in text


def test_a_mail_server_that_takes_nothing_is_on_home_with_its_reason(admin_client, refusing_server):
    text = text_of(admin_client, "admin:index")
    assert "The mail server takes nothing, since " in text
    assert "Mail: 25 of 25 refused since " in text
    assert "535 5.7.8 authentication failed" in text
    loop = text_of(admin_client, "admin:home_part", "loop")
    assert loop.count("stopped") == 1


def test_live_events_are_live_while_they_are_processed(admin_client):
    assert "live, every 2 s" in text_of(admin_client, "profiles:live")
    Inbox.objects.create(
        source=make_source(), body=b"[]", received_at=timezone.now() - timedelta(minutes=3)
    )
    text = text_of(admin_client, "profiles:live_newer")
    assert "3 min behind" in text
    assert 'id="live-pulse" hx-swap-oob="true"' in text


def test_live_events_say_since_when_nothing_is_processed(admin_client, dead_worker):
    text = text_of(admin_client, "profiles:live")
    assert "not processed since " in text
    assert "live, every 2 s" not in text
