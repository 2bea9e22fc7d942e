"""Mail servers that hang, drip, reset and refuse: nobody twice, nobody lost, and it is seen."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone, translation

from campaigns.channels.email import smtp
from campaigns.delivery.worker import deliver
from campaigns.models import Message, MessageChunk
from config.console import health_words as words
from config.running import probe
from config.running.metrics import Exposition, _add_circuits
from config.workspace.health import status
from config.workspace.health.status import HealthLevel
from config.workspace.models import Circuit
from config.workspace.work import circuits
from tests.campaigns.builders import deliver_all, launched, make_person, make_segment, say
from tests.campaigns.hostile_servers import BUSY, CLOSING, DRIP, HANG, RESET, hostile

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
COUNT = 30  # more than one portion


@pytest.fixture(autouse=True)
def impatient(settings, monkeypatch):
    settings.EMAIL_CONNECT_SECONDS = settings.EMAIL_REPLY_SECONDS = 0.8
    settings.EMAIL_ACCEPT_SECONDS = 0.8
    monkeypatch.setattr(smtp, "GOODBYE_SECONDS", 0.3)
    monkeypatch.setattr(smtp, "POLL_SECONDS", 0.05)


@pytest.fixture
def campaign():
    people = [make_person(f"p{number:02}") for number in range(COUNT)]
    for person in people:
        say(person)
    return launched(make_segment(*people))


def states() -> Counter[str]:
    return Counter(Message.objects.values_list("state", flat=True))


def later() -> None:
    """All pauses are over."""
    now = timezone.now()
    Circuit.objects.update(retry_at=now)
    Message.objects.filter(state="queued").update(due_at=now)
    MessageChunk.objects.update(due_at=now)


# (moment, how) -> what becomes of the one that was tried; all others wait
TROUBLES = [
    ("accept", HANG, "queued"),  # accepts and never greets
    ("greeting", DRIP, "queued"),
    ("greeting", RESET, "queued"),
    ("greeting", CLOSING, "queued"),
    ("ehlo", HANG, "queued"),
    ("mail", HANG, "queued"),
    ("rcpt", HANG, "queued"),
    ("rcpt", DRIP, "queued"),
    ("data", HANG, "queued"),
    ("dot", HANG, "unknown"),  # it has the mail, and perhaps took it
    ("dot", DRIP, "unknown"),
]


@pytest.mark.parametrize(
    ("at", "how", "tried", "pipelining"),
    [(*one, True) for one in TROUBLES] + [(*one, False) for one in TROUBLES if one[0] == "rcpt"],
)
def test_one_is_tried_the_rest_waits_and_all_get_it_once_when_it_is_over(
    campaign, at, how, tried, pipelining
):
    with hostile(at, how, pipelining=pipelining) as server:
        deliver_all()
        assert states() == Counter({"queued": COUNT - 1}) + Counter([tried])
        assert server.connections == 1, "no tight loop"
        circuit = Circuit.objects.get()
        assert circuit.server == server.url
        assert circuit.retry_at > timezone.now()
        assert deliver() == 0, "left alone"
        later()
        deliver_all()
        assert server.connections == 2, "half open: one"
        assert Circuit.objects.get().failures == 2
        server.mend()
        later()
        deliver_all()
        assert not Circuit.objects.exists(), "closed by itself"
        known = {"unknown": 2} if tried == "unknown" else {}
        assert states() == {"sent": COUNT - len(known) * 2} | known
        assert set(server.accepted.values()) <= {1}
        assert max(server.whole.values()) == 1, "nobody twice"
        assert sum(server.accepted.values()) == states()["sent"]
    assert not MessageChunk.objects.exists()


@pytest.mark.parametrize("how", [RESET, CLOSING])
@pytest.mark.parametrize("at", ["mail", "rcpt", "dot"])
def test_a_connection_that_breaks_is_made_anew_once(campaign, at, how):
    with hostile(at, how, after=5) as server:
        deliver_all()
        assert server.accepted.total() == 4
        assert server.connections == 2, "the second break in a row opens the circuit"
        assert Circuit.objects.exists()
        lost = 2 if (at, how) == ("dot", RESET) else 0
        assert states()["unknown"] == lost
        server.mend()
        later()
        deliver_all()
        assert states() == Counter({"sent": COUNT - lost, "unknown": lost}) - Counter()
        # whoever said 421 to a mail did not take it
        assert max(server.accepted.values()) == 1


@pytest.mark.parametrize("at", ["mail", "data"])
def test_a_server_that_is_too_busy_for_everybody_is_asked_by_few(campaign, at):
    with hostile(at, BUSY, pipelining=False) as server:
        deliver_all()
        assert server.moments[at] == 5
        assert states() == {"queued": COUNT}
        later()
        deliver_all()
        assert server.moments[at] == 6, "half open: one"
        server.mend()
        later()
        deliver_all()
        assert states() == {"sent": COUNT}


def test_a_server_that_hangs_at_goodbye_has_what_it_took(campaign):
    with hostile("quit", HANG) as server:
        deliver_all()
        assert states() == {"sent": COUNT}
        assert set(server.accepted.values()) == {1}
        assert not Circuit.objects.exists()


def test_a_refusal_is_known_though_the_server_hangs_after_it(campaign):
    with hostile("rset", HANG) as server:
        server.refused = "550 5.1.1 nobody of that name"
        deliver_all()
        assert states() == {"queued": COUNT - 1, "bounced": 1}
        assert Circuit.objects.exists()


def test_one_mail_that_hangs_the_server_does_not_keep_the_others(campaign):
    """It waits by itself, and the next one shows that the server works."""
    with hostile("rcpt", HANG) as server:
        server.only = "p00@example.com"
        deliver_all()
        Circuit.objects.update(retry_at=timezone.now())
        deliver_all()
        assert states() == {"sent": COUNT - 1, "queued": 1}
        assert not Circuit.objects.exists()


def test_a_name_that_nobody_answers_for_is_asked_once(campaign, settings, monkeypatch):
    asked = []

    def hang(host, *_args):
        asked.append(host)
        smtp.time.sleep(3)

    monkeypatch.setattr(smtp.socket, "getaddrinfo", hang)
    settings.EMAIL_URL = "smtp://mail.invalid:25"
    deliver_all()
    later()
    deliver_all()
    assert asked == ["mail.invalid"], "one look-up at a time"
    assert "the host name" in Circuit.objects.get().reason
    assert states() == {"queued": COUNT}


@pytest.mark.parametrize("scheme", ["smtps", "smtp+tls"])
def test_an_encryption_that_never_begins_is_given_up(campaign, settings, scheme):
    with hostile("starttls", HANG) as server:
        server.offers_tls = True
        server.is_silent = scheme == "smtps"
        settings.EMAIL_URL = server.url.replace("smtp", scheme)
        deliver_all()
        assert "TLS" in Circuit.objects.get().reason
        assert states() == {"queued": COUNT}


def test_it_is_seen_with_reason_and_next_try(campaign, admin_client, monkeypatch, settings, caplog):
    monkeypatch.setattr(status, "STARTED", timezone.now() - timedelta(hours=1))
    with hostile("accept", HANG) as server:
        deliver_all()
        server_name = server.url.removeprefix("smtp://")
        assert f"nothing is tried at {server.url} until" in caplog.text
        Circuit.objects.update(opened_at=timezone.now() - timedelta(minutes=2))
        with connection.cursor() as cursor:
            unit = status.read(cursor).unit("delivery")
        assert unit.level == HealthLevel.FAILING
        with translation.override("en"):
            said = words.said(unit)
        assert "no answer within 0.8 s (greeting)" in said
        assert f"{server_name} is tried again at " in said
        status.forget()
        page = admin_client.get(reverse("campaigns:progress", args=[campaign.slug]))
        assert f"{server_name} is tried again at " in page.content.decode()
        page = admin_client.get(reverse("admin:index")).content.decode()
        assert "The mail server takes nothing" in page
        monkeypatch.setattr(probe, "ask", lambda: (status.current(), ""))  # sees what we wrote
        answer = admin_client.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["unit"] == "delivery"
        assert server_name in answer.json()["reason"]
        figures = Exposition()
        _add_circuits(figures, status.current())
        line = f'rapport_sending_circuit_open{{channel="email",server="{server.url}"}} 1'
        assert line in figures.lines


def test_of_several_workers_one_tries_and_another_server_is_nobodys_concern():
    now = timezone.now()
    circuits.failed("smtp://a:25", "email", "no answer", turn=circuits.Turn.ALL)
    circuits.failed("smtp://a:25", "email", "no answer", turn=circuits.Turn.ALL)  # at the same time
    assert Circuit.objects.get().failures == 1
    assert circuits.is_open("smtp://a:25", now)
    assert circuits.take_turn("smtp://a:25", now) is None
    assert circuits.take_turn("smtp://b:25", now) is circuits.Turn.ALL
    late = now + timedelta(seconds=60)
    turns = [circuits.take_turn("smtp://a:25", late) for _ in range(3)]
    assert turns == [circuits.Turn.ONE, None, None]
    for _ in range(12):
        circuits.failed("smtp://a:25", "email", "no answer", turn=circuits.Turn.ONE)
    pause = Circuit.objects.get().retry_at - timezone.now()
    assert timedelta(seconds=290) < pause <= timedelta(seconds=300), "never longer"
    circuits.worked("smtp://a:25")
    assert circuits.take_turn("smtp://a:25", now) is circuits.Turn.ALL


def test_a_clock_that_was_set_back_leaves_no_server_alone_for_longer():
    wrong = timezone.now() + timedelta(days=400)
    Circuit.objects.create(
        server="smtp://a:25", channel="email", reason="no answer", failures=1,
        opened_at=wrong, retry_at=wrong + timedelta(seconds=10),
    )  # fmt: skip
    now = timezone.now()
    assert not circuits.is_open("smtp://a:25", now)
    turns = [circuits.take_turn("smtp://a:25", now) for _ in range(2)]
    assert turns == [circuits.Turn.ONE, None]
    assert circuits.is_open("smtp://a:25", now)
