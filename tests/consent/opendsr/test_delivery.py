"""Whoever passed a request on is told of each change, signed, until they have taken it."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from config.home.needs import needs
from config.workspace.models import Role
from config.workspace.outgoing.tries import PAUSES
from config.workspace.work.due import drain
from config.workspace.work.pruning import PRUNERS
from consent.models import PrivacyRequest, StatusCallback
from consent.opendsr.delivery import call_due
from consent.privacy.due import start_due
from tests.cast import make_user
from tests.consent.opendsr.conftest import body_of

pytestmark = pytest.mark.django_db


def told_of(controller, receiver, *, type_="access", urls=None):
    body = body_of(type_=type_, status_callback_urls=urls or [receiver.url])
    assert controller.send(body).status_code == 201
    return body["subject_request_id"]


def due_now():
    StatusCallback.objects.filter(failed_at=None).update(due_at=timezone.now())


def test_each_change_is_told_in_its_order_and_signed(controller, receiver, maya, is_genuine):
    second = receiver.url + "&second"
    number = told_of(controller, receiver, type_="erasure", urls=[receiver.url, second])
    assert not StatusCallback.objects.exists(), "what it is answered with needs no call"
    start_due()
    drain()
    assert len(receiver.told) == 4
    for path in ("/told?to=1", "/told?to=1&second"):
        calls = [(headers, text) for where, headers, text in receiver.told if where == path]
        bodies = [json.loads(text) for _headers, text in calls]
        assert [one["request_status"] for one in bodies] == ["in_progress", "completed"]
        for (headers, text), body in zip(calls, bodies, strict=True):
            assert is_genuine(text, headers["X-OpenDSR-Signature"])
            assert headers["X-OpenGDPR-Signature"] == headers["X-OpenDSR-Signature"]
            assert body["status_callback_url"].endswith(path)
            assert body["subject_request_id"] == number
            assert (body["controller_id"], headers["Content-Type"]) == (
                "Consent hub", "application/json",
            )  # fmt: skip
        assert "results_count" not in bodies[0]
        assert bodies[1]["results_count"] > 2
        assert bodies[1]["results_url"].endswith("/certificate")
    assert StatusCallback.objects.filter(delivered_at=None).count() == 0
    PrivacyRequest.objects.get().save()
    drain()
    assert len(receiver.told) == 4, "nothing is told twice"
    cancelled = told_of(controller, receiver)
    controller.delete(cancelled)
    drain()
    assert json.loads(receiver.told[-1][2])["request_status"] == "cancelled"


def test_what_is_not_taken_is_tried_again_later_and_the_next_waits_for_it(
    controller, receiver, maya
):
    receiver.statuses = [500, 302, 404]
    told_of(controller, receiver)
    start_due()
    before = timezone.now()
    drain()
    assert len(receiver.told) == 1, "no redirect is followed, and the second waits"
    first = StatusCallback.objects.first()
    assert (first.attempts, first.last_error) == (1, "HTTP 500")
    assert first.due_at > before + timedelta(seconds=PAUSES[0])
    for attempts in (2, 3):
        due_now()
        assert call_due() == 1
        first.refresh_from_db()
        assert first.attempts == attempts
    assert first.due_at > timezone.now() + timedelta(seconds=PAUSES[2] - 60)
    due_now()
    assert call_due() == 2
    statuses = [json.loads(text)["request_status"] for _path, _headers, text in receiver.told]
    assert statuses == ["in_progress"] * 4 + ["completed"]


def test_one_that_is_given_up_is_seen_and_can_be_tried_again(controller, receiver, maya):
    nobody = f"http://127.0.0.1:{receiver.server_port}/nobody"
    told_of(controller, receiver, urls=[nobody])
    receiver.statuses = [503] * 10
    start_due()
    drain()
    while (first := StatusCallback.objects.first()) and not first.failed_at:
        due_now()
        assert call_due() >= 1
    assert first.attempts == len(PAUSES) + 1
    client, officer = Client(), make_user(Role.PRIVACY_OFFICER)
    client.force_login(officer)
    assert any("Consent hub" in str(need.title) for need in needs(officer))
    assert not any("Consent hub" in str(n.title) for n in needs(make_user(Role.MARKETER)))
    page = f"/console/privacy/requests/{PrivacyRequest.objects.get().public_id}/"
    shown = client.get(page).content.decode()
    assert "HTTP 503" in shown
    assert "Call again" in shown
    client.post(f"{page}call/")
    drain()
    assert StatusCallback.objects.filter(delivered_at=None).count() == 0
    assert not any("Consent hub" in str(need.title) for need in needs(officer))
    StatusCallback.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert PRUNERS.get("opendsr_callbacks")(timezone.now()) == 2


def test_nobody_inside_is_called_also_when_it_was_allowed_before(controller, receiver, settings):
    gone = told_of(controller, receiver)
    told_of(controller, receiver, urls=[receiver.url.replace("http:", "https:")])
    receiver.statuses = [410]
    controller.delete(gone)
    drain()
    row = StatusCallback.objects.get()
    assert row.failed_at, "410: nobody wants to be told there any more"
    settings.CALL_INTERNAL_ADDRESSES = False
    start_due()
    drain()
    rows = StatusCallback.objects.exclude(pk=row.pk)
    assert {one.last_error for one in rows} == {
        "It leads to an address that is not on the public net."
    }
    assert all(one.failed_at for one in rows)
    assert len(receiver.told) == 1
