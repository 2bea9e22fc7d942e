"""Readiness and metrics: what they say, to whom, and that they answer with the database away."""

import re
import socket
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from config.running import metrics, probe
from config.version import version
from config.workspace.digests import key_digest
from config.workspace.health import counters, status
from config.workspace.models import WorkRun
from config.workspace.work import recording
from config.workspace.work.due import WORK
from config.workspace.work.waiting import WORKERS
from tests.cast import make_source
from tests.profiles.installation import free_port

committed = pytest.mark.django_db(transaction=True)  # asked on a connection of its own


@pytest.fixture(autouse=True)
def for_an_hour(monkeypatch, settings, tmp_path):
    """A process that has run for an hour, where a worker is expected."""
    monkeypatch.setattr(status, "STARTED", timezone.now() - timedelta(hours=1))
    settings.WAKE_BY_CELERY = True
    settings.VAR_DIR, settings.BASE_URL = tmp_path, "http://127.0.0.1:8000"
    counters.forget()


@pytest.fixture
def database_away(monkeypatch):
    """A server that takes no connection: a port where nobody listens."""
    wrapper = connections["default"]
    given = {"host": "127.0.0.1", "port": free_port(), "dbname": "rapport"}
    monkeypatch.setattr(wrapper, "get_connection_params", lambda: dict(given))


@pytest.fixture
def ticking():
    """Every unit ran just now."""
    recording.forget()
    for name in [*WORKERS, *WORK.names()]:
        recording.succeeded(name, 1)
    recording.flush()


@committed
def test_ready_names_each_unit_with_its_last_success_and_its_lag(client, ticking):
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "ready"
    assert set(body["work"]) == {*WORKERS, *WORK.names()}
    for unit in body["work"].values():
        assert unit["last_success"].endswith("Z")
        assert unit["lag_seconds"] < 60


@committed
def test_a_failing_unit_is_503_with_its_name_and_reason(client, ticking):
    before = timezone.now() - timedelta(minutes=3)
    WorkRun.objects.filter(name="worker").update(last_success=before)
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    body = answer.json()
    assert (body["unit"], body["reason"]) == ("worker", "no tick for 3 min")
    assert "ingest" in body["work"]


def test_with_the_database_away_ready_says_so_at_once(client, database_away):
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    body = answer.json()
    assert body["unit"] == "database"
    assert body["reason"] == "OperationalError: connection refused"
    assert client.get("/health/live").json() == {"status": "live"}


def test_a_cookie_has_nobody_ask_the_database_about_health(client, database_away):
    client.cookies["sessionid"] = "made-up"
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json()["unit"] == "database"
    assert client.get("/health/live", headers={"host": "elsewhere.example"}).status_code == 400


def test_a_server_that_accepts_and_never_answers_is_waited_for_shortly(client, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        given = {"host": "127.0.0.1", "port": silent.getsockname()[1], "dbname": "rapport"}
        monkeypatch.setattr(connections["default"], "get_connection_params", lambda: dict(given))
        assert probe.CONNECT_SECONDS == 2
        answer = client.get("/health/ready")
    assert answer.json()["reason"] == "ConnectionTimeout: no answer in time"


@committed
def test_metrics_have_a_help_and_a_type_for_each_family_and_keep_their_names(client, ticking):
    recording.forget()
    recording.sent("email", recording.Counter({("sent", ""): 4, ("temporary", "451 wait"): 1}))
    recording.refused("email", 25, "535 authentication failed")
    recording.flush()
    client.get("/api/no-such-thing/")
    answer = client.get("/metrics")
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    text = answer.content.decode()
    families = re.findall(r"^# TYPE (\w+) (gauge|counter)$", text, re.M)
    assert re.findall(r"^# HELP (\w+) ", text, re.M) == [name for name, _kind in families]
    samples = re.findall(r"^(\w+)(?:\{[^}]*\})? [-+.e\d]+$", text, re.M)
    assert set(samples) == {name for name, _kind in families}
    assert all(name.endswith("_total") == (kind == "counter") for name, kind in families)
    for name in metrics.QUEUES:
        assert f"\nrapport_{name} 0\n" in text
    for line in (
        f'rapport_info{{version="{version()}"}} 1',
        "rapport_database_up 1",
        'rapport_unit_state{unit="ingest"} 0',
        'rapport_oldest_due_seconds{unit="delivery"} 0',
        'rapport_unit_runs_total{unit="segments"} 1',
        'rapport_messages_total{channel="email",outcome="sent"} 4',
        'rapport_sending_refused_in_a_row{channel="email"} 25',
        'rapport_http_requests_total{area="api",status="4xx"} 1',
    ):
        assert line in text.splitlines()
    assert re.search(r"^rapport_tick_age_seconds [\d.e-]+$", text, re.M)


@committed
def test_calls_taken_in_and_refused_are_counted(client, ticking, settings):
    settings.WAKE_BY_CELERY = False
    make_source(write_key_digest=key_digest("its-key"))
    client.post("/v1/batch", {"batch": []}, content_type="application/json")
    for body in ({"userId": "u", "event": "Paid"}, {"event": "nobody's"}):
        client.post(
            "/v1/track", body, content_type="application/json",
            headers={"authorization": "Bearer its-key"},
        )  # fmt: skip
    lines = client.get("/metrics").content.decode().splitlines()
    assert "rapport_accepted_total 1" in lines
    assert any(line.startswith("rapport_refused_total{reason=") for line in lines)


def test_metrics_answer_with_the_database_away(client, database_away, caplog):
    client.get("/health/live")
    status.alive.write(metrics.settings.VAR_DIR, "OperationalError: connection refused")
    text = client.get("/metrics").content.decode()
    assert "rapport_database_up 0" in text.splitlines()
    assert "rapport_worker_sign_age_seconds" in text
    assert 'rapport_http_requests_total{area="public",status="2xx"} 1' in text.splitlines()


@pytest.mark.parametrize(
    ("address", "headers", "allowed"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("10.3.0.9", {}, True),
        ("8.8.8.8", {}, False),
        ("", {}, False),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, False),
        ("127.0.0.1", {"X-Forwarded-Proto": "https"}, False),
        ("::ffff:10.3.0.9", {}, True),
        ("::ffff:8.8.8.8", {}, False),
        ("127.0.0.1", {"Via": "1.1 proxy"}, False),
    ],
)
def test_without_a_token_only_private_addresses_see_figures(
    rf, settings, address, headers, allowed
):
    """Where it is public nobody does: a proxy may pass a stranger on without a word of it."""
    request = rf.get("/metrics", REMOTE_ADDR=address, headers=headers)
    for base, is_private in [
        ("http://127.0.0.1:8000", True),
        ("http://console.localhost", True),
        ("http://192.168.1.7:8000", True),
        ("http://[::1]:8000", True),
        ("http://rapport.example", False),
        ("http://8.8.8.8", False),
        ("https://rapport.example", False),
        ("https://127.0.0.1", False),
    ]:
        settings.BASE_URL, settings.BEHIND_TLS = base, base.startswith("https")
        assert metrics.may_ask(request) is (allowed and is_private), base


def test_a_token_is_asked_of_everybody(client, settings, database_away):
    settings.METRICS_TOKEN = "sesame"
    assert client.get("/metrics").status_code == 403
    wrong = {"authorization": "Bearer other"}
    assert client.get("/metrics", headers=wrong).status_code == 403
    right = {"authorization": "Bearer sesame", "x-forwarded-for": "8.8.8.8"}
    assert client.get("/metrics", headers=right).status_code == 200
