"""Calls of webhooks: signed, made until they are taken, and never to anybody inside."""

import socket
import subprocess
import sys
import threading
from datetime import datetime, timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from standardwebhooks.webhooks import WebhookVerificationError

from config.workspace.models import AuditEntry, Circuit, Webhook, WebhookDelivery
from config.workspace.outgoing import calls
from config.workspace.outgoing.delivery import deliver_due
from config.workspace.outgoing.endpoints import (
    IsOff,
    NotAWebhook,
    change_webhook,
    create_webhook,
    delete_webhook,
    ping,
    rotate_key,
)
from config.workspace.outgoing.kinds import KINDS, EventKind
from config.workspace.outgoing.notices import tell
from config.workspace.outgoing.replaying import dead_letters, replay, replay_all
from config.workspace.outgoing.settling import withhold
from config.workspace.outgoing.signing import headers_of
from config.workspace.outgoing.tries import PAUSES, Tried, seconds_of
from tests.receiving import Bid, listening
from tests.waiting import wait_until
from tests.workspace.outgoing.conftest import due_now

pytestmark = pytest.mark.django_db
FINISHED = "campaign.finished"
CHILD = """
import sys, django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
settings.CALL_INTERNAL_ADDRESSES = True
django.setup()
from config.workspace.outgoing.delivery import deliver_due
deliver_due()
"""


def _nobody_delivers():
    """The database notices a killed process when it next looks at its socket, not at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return not cursor.fetchone()[0]


def finish(n=1):
    tell(FINISHED, [({"campaign": f"c{i}", "name": "Spring – ünï"}, []) for i in range(n)])


def test_a_signature_is_the_one_that_the_scheme_publishes():
    import base64  # noqa: PLC0415

    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    made = headers_of([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_is_told_is_signed_and_keeps_its_id_until_it_is_taken(endpoint, receiver):
    there, deaf = endpoint(), endpoint("segment.left", path="&deaf")
    off = endpoint(path="&off", enabled=False)
    receiver.statuses = [500, Bid(302), Bid(429, {"Retry-After": "7200"}), 204]
    finish()
    before = timezone.now()
    assert deliver_due() == 1
    row = WebhookDelivery.objects.get()
    assert (row.webhook_id, row.attempts, row.last_error) == (there.row.pk, 1, "HTTP 500")
    assert PAUSES[0] <= (row.due_at - before).total_seconds() < 1.1 * PAUSES[0] + 5
    assert there.again().failing_since and there.row.failures == 1
    for attempts in (2, 3):
        due_now()
        assert deliver_due() == 1
        row.refresh_from_db()
        assert row.attempts == attempts
    assert row.due_at > timezone.now() + timedelta(seconds=7100), "as the other side asked"
    due_now()
    deliver_due()
    row.refresh_from_db()
    assert row.delivered_at and not row.last_error
    assert [one["status"] for one in row.tries] == [500, 302, 429, 204]
    assert (there.again().failing_since, there.row.failures) == (None, 0)
    assert there.row.last_taken_at
    told = there.verified()
    assert len(told) == 4, "no redirect is followed"
    assert told[0] == told[3]
    assert set(told[0]) == {"type", "timestamp", "data"}
    assert told[0]["type"] == FINISHED
    assert told[0]["data"] == {"campaign": "c0", "name": "Spring – ünï"}
    assert {headers["webhook-id"] for headers, _text in there.calls} == {row.message_id}
    assert not deaf.calls and not off.calls
    assert deliver_due() == 0


def test_two_keys_sign_until_the_old_one_ends(endpoint):
    there = endpoint()
    old = there.secret
    _row, new = rotate_key(there.row, overlap=timedelta(hours=1))
    finish()
    deliver_due()
    assert there.calls[0][0]["webhook-signature"].count("v1,") == 2
    assert there.verified(old) == there.verified(new)
    Webhook.objects.update(former_until=timezone.now() - timedelta(seconds=1))
    finish()
    deliver_due()
    with pytest.raises(WebhookVerificationError):
        there.verified(old)
    assert len(there.verified(new)) == 2
    _row, newest = rotate_key(there.again(), overlap=timedelta(0))
    finish()
    deliver_due()
    assert there.calls[2][0]["webhook-signature"].count("v1,") == 1
    with pytest.raises(NotAWebhook):
        rotate_key(there.row, overlap=timedelta(days=31))
    from config.workspace.models import Secret  # noqa: PLC0415

    kept = b"".join(bytes(one.ciphertext) for one in Secret.objects.filter(purpose="webhook"))
    assert newest.removeprefix("whsec_").encode() not in kept


def test_what_is_given_up_is_a_dead_letter_and_can_be_sent_again(endpoint, receiver):
    there = endpoint()
    finish(2)
    first, second = WebhookDelivery.objects.order_by("id")
    receiver.statuses = [Bid(503, body=b"jane@example.com is unknown\x00")] * 2 * (len(PAUSES) + 1)
    for _ in range(len(PAUSES) + 1):
        due_now()
        deliver_due()
    assert dead_letters(there.row).count() == 2
    first.refresh_from_db()
    assert first.attempts == len(PAUSES) + 1
    assert first.answer == "<address> is unknown", "a text of others is kept without people"
    WebhookDelivery.objects.filter(pk=first.pk).update(
        created_at=timezone.now() - timedelta(days=1)
    )
    assert replay_all(there.row, since=timezone.now() - timedelta(hours=1)) == 1
    deliver_due()
    second.refresh_from_db()
    assert second.delivered_at
    replay(first)
    replay(second)
    deliver_due()
    assert not dead_letters().exists()
    ids = [headers["webhook-id"] for headers, _text in there.calls][-3:]
    assert sorted(ids) == sorted([second.message_id, second.message_id, first.message_id])
    change_webhook(there.row, enabled=False)
    with pytest.raises(IsOff):
        replay(WebhookDelivery.objects.select_related("webhook").first())


def test_a_webhook_that_nobody_wants_or_that_takes_nothing_for_days_is_switched_off(
    endpoint, receiver, settings, caplog
):
    gone, failing = endpoint(), endpoint(path="&failing")
    Webhook.objects.filter(pk=failing.row.pk).update(
        failing_since=timezone.now() - timedelta(days=5, minutes=1)
    )
    finish(2)
    receiver.statuses = [410] * 4
    deliver_due()
    assert (gone.again().enabled, gone.row.off_because) == (False, "gone")
    assert not failing.again().enabled
    assert dead_letters().count() == 4, "what waited is given up with it, and can be replayed"
    finish()
    assert WebhookDelivery.objects.count() == 4, "nothing is written for who is off"
    assert "is switched off (gone)" in caplog.text
    assert AuditEntry.objects.filter(action="webhook.switched_off").count() == 2
    change_webhook(failing.row, enabled=True)
    Webhook.objects.filter(pk=failing.row.pk).update(
        failing_since=timezone.now() - timedelta(days=50)
    )
    receiver.statuses = [500, 500]
    settings.WEBHOOK_FAILING_DAYS = 0
    finish()
    deliver_due()
    assert failing.again().enabled, "0 is never"
    settings.WEBHOOK_FAILING_DAYS = 5
    due_now()
    deliver_due()
    assert (failing.again().enabled, failing.row.off_because) == (False, "failing")


def test_a_slow_receiver_holds_up_no_other(endpoint, receiver, monkeypatch):
    slow = endpoint()
    never = threading.Event()
    receiver.statuses = [Bid(after=never)] * 8
    monkeypatch.setattr(calls, "SECONDS", 1.5)
    finish(10)
    with listening() as other:
        row, _secret = create_webhook(url=other.url, events=["privacy_request.opened"])
        tell("privacy_request.opened", [({"request": "x"}, [])] * 12)
        assert deliver_due() == 20, "eight at the same moment, then its server is left alone"
        assert len(other.told) == 12
    never.set()
    quick = WebhookDelivery.objects.filter(webhook=row)
    waiting = WebhookDelivery.objects.filter(webhook=slow.row)
    assert quick.exclude(delivered_at=None).count() == 12
    first = waiting.filter(attempts=1).order_by("id").first()
    began = datetime.fromisoformat(first.tries[0]["at"])
    ended = began + timedelta(milliseconds=first.tries[0]["ms"])
    assert quick.filter(delivered_at__lt=ended).exists(), "while the slow one was waited for"
    errors = waiting.filter(attempts=1).values_list("last_error", flat=True)
    assert set(errors) == {"TimeoutError: no answer in time"}
    assert waiting.filter(attempts=0).count() == 2


def test_a_server_that_gives_no_answer_is_left_alone_and_tried_by_one(endpoint, receiver):
    there = endpoint()
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    nobody, _secret = create_webhook(url=f"http://127.0.0.1:{port}/", events=[FINISHED])
    finish(12)
    deliver_due()
    assert len(there.calls) == 12
    circuit = Circuit.objects.get()
    assert (circuit.server, circuit.channel) == (f"http://127.0.0.1:{port}", "webhook")
    assert "connection refused" in circuit.reason
    tried = WebhookDelivery.objects.filter(webhook=nobody, attempts__gt=0).count()
    assert tried < 12, "the rest is not tried in vain"
    due_now()
    assert deliver_due() == 0
    Circuit.objects.update(retry_at=timezone.now())
    assert deliver_due() == 1
    change_webhook(nobody, url=receiver.url)
    due_now()
    deliver_due()
    assert WebhookDelivery.objects.filter(webhook=nobody, delivered_at=None).count() == 0


def test_nobody_inside_is_called_by_any_way(endpoint, settings, monkeypatch):
    there = endpoint()
    named, _secret = create_webhook(url="https://hooks.example.com/x", events=[FINISHED])
    settings.CALL_INTERNAL_ADDRESSES = False
    for url in (
        "https://169.254.169.254/latest/meta-data/", "https://[::1]/", "https://localhost/",
        "http://hooks.example.com/", "https://u:p@hooks.example.com/", "ftp://example.com",
    ):  # fmt: skip
        with pytest.raises(NotAWebhook) as found:
            create_webhook(url=url, events=[FINISHED])
        assert found.value.path == "url"
        with pytest.raises(NotAWebhook):
            change_webhook(there.row, url=url)
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: inside)
    finish()
    deliver_due()
    assert not there.calls, "allowed when it was written down, and not any more"
    rows = WebhookDelivery.objects.filter(webhook__in=[named, there.row])
    words = {
        "It leads to an address that is not on the public net.",
        "It has to begin with https://.",
    }
    assert {row.last_error for row in rows} == words
    assert all(row.failed_at for row in rows)


def test_a_redirect_to_an_address_inside_is_not_followed(endpoint, receiver):
    there = endpoint()
    receiver.statuses = [Bid(307, {"Location": "http://169.254.169.254/latest/meta-data/"})]
    finish()
    deliver_due()
    row = WebhookDelivery.objects.get()
    assert (row.last_error, len(there.calls), row.attempts) == ("HTTP 307", 1, 1)


def test_of_megabytes_the_beginning_is_kept(endpoint, receiver):
    endpoint()
    receiver.statuses = [Bid(200, {"Content-Length": "8000000"}, b"x" * 8_000_000)]
    finish()
    deliver_due()
    row = WebhookDelivery.objects.get()
    assert row.delivered_at
    assert row.answer == "x" * 300


def test_a_ping_and_what_cannot_be_asked_for(endpoint):
    there = endpoint()
    ping(there.row)
    deliver_due()
    [told] = there.verified()
    assert (told["type"], told["data"]) == ("webhook.ping", {"webhook": there.row.pk})
    for events, path in ((["x"], "events[0]"), ([], "events"), (["webhook.ping"], "events[0]")):
        with pytest.raises(NotAWebhook) as found:
            create_webhook(url=there.row.url, events=events)
        assert found.value.path == path
    with pytest.raises(KeyError):
        tell("no.such", [({}, [])])
    change_webhook(there.row, enabled=False)
    with pytest.raises(IsOff):
        ping(there.row)
    keys = there.again().secret_id
    delete_webhook(there.row)
    assert not Webhook.objects.exists() and not WebhookDelivery.objects.exists()
    assert keys and AuditEntry.objects.filter(action="webhook.deleted").exists()


def test_a_key_that_cannot_be_read_is_said_and_no_call_goes_out_unsigned(endpoint, settings):
    there = endpoint()
    settings.SECRETS_KEY = "another"
    finish()
    deliver_due()
    row = WebhookDelivery.objects.get()
    assert not there.calls
    assert row.last_error == "Its key cannot be read: give it a new one."


def test_a_kind_that_cannot_be_told_holds_up_no_other_and_one_deleted_meanwhile_is_no_fault(
    endpoint, monkeypatch
):
    there = endpoint(FINISHED, "privacy_request.opened")
    broken = EventKind("x", "x", "x", {}, compose=lambda rows: 1 / 0)
    monkeypatch.setitem(KINDS._entries, "privacy_request.opened", (1, broken))
    tell("privacy_request.opened", [({}, [])])
    finish()
    assert deliver_due() == 2
    assert [one["type"] for one in there.verified()] == [FINISHED]
    lost = WebhookDelivery.objects.get(event="privacy_request.opened")
    assert lost.last_error == "It could not be put together: the log says why."
    WebhookDelivery.objects.filter(pk=lost.pk).delete()
    withhold([(lost, "x")])


def test_what_retry_after_may_say():
    now = timezone.now().replace(microsecond=0)
    later = (now + timedelta(minutes=5)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert seconds_of("120", now) == 120
    assert seconds_of(later, now) == 300
    assert [seconds_of(text, now) for text in ("", "soon", "-5", "\u0665")] == [0.0] * 4
    assert seconds_of("9" * 40, now) == PAUSES[-1]
    assert Tried(500, "x", retry_after=1e9).pause(1) == PAUSES[-1]
    assert Tried(500, "x").pause(len(PAUSES) + 1) is None
    assert Tried(410, "x", is_final=True).pause(1) is None


@pytest.mark.django_db(transaction=True)
def test_who_is_killed_in_the_middle_of_a_call_loses_its_lease_alone(endpoint, receiver):
    there = endpoint()
    finish()
    answered = threading.Event()
    receiver.statuses = [Bid(after=answered)]
    name = connection.settings_dict["NAME"]
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, name], cwd=django_settings.BASE_DIR
    ) as child:
        wait_until(lambda: there.calls, "the call of the child")
        child.kill()
    wait_until(_nobody_delivers, "the end of the session of the one killed")
    answered.set()
    assert deliver_due() == 0, "it is in somebody's hands for all that anybody knows"
    row = WebhookDelivery.objects.get()
    assert row.attempts == 1 and row.due_at > timezone.now() + timedelta(seconds=60)
    due_now()
    assert deliver_due() == 1
    assert WebhookDelivery.objects.get().delivered_at
    first, second = there.verified()
    assert first == second
    assert len({headers["webhook-id"] for headers, _text in there.calls}) == 1
