"""An erasure is passed on; what each destination answers stands on the request."""

import json

import pytest
from django.db import connection
from django.test import Client

from config.home.needs import needs
from config.workspace.access.keys import create_api_key
from config.workspace.models import Role, WebhookDelivery
from config.workspace.outgoing.delivery import deliver_due
from config.workspace.outgoing.endpoints import change_webhook, delete_webhook
from config.workspace.outgoing.notices import tell_many
from config.workspace.work.due import drain
from consent.models import ErasureReceipt, PrivacyRequest
from consent.pages.datamap.webhook_uses import uses
from consent.privacy import requests
from consent.privacy.erasure import searching
from consent.privacy.erasure.certificate import is_genuine
from consent.privacy.erasure.erasing import take_away
from profiles.merging.merging import merge_people
from tests.campaigns.builders import make_person
from tests.cast import make_identifier, make_user
from tests.receiving import Bid
from tests.workspace.outgoing.conftest import due_now, endpoint, receiver  # noqa: F401

pytestmark = pytest.mark.django_db
ERASED = "profile.erased"


def asked_for(person) -> PrivacyRequest:
    request = requests.open_request(type_="erasure", references=[f"user_id:{person}-4711"])
    return requests.settle(request)


def maya(name="maya"):
    person = make_person(name)
    make_identifier(person, "user_id", f"{name}-4711")
    return person


def test_who_was_told_of_people_is_told_to_erase_them_and_the_page_says_what_it_answered(
    endpoint,  # noqa: F811
):
    there = endpoint(ERASED, "segment.left", description="CRM in Utrecht", erased_user_ids=True)
    slow = endpoint(ERASED, path="&slow")
    endpoint("segment.left", path="&deaf", description="A deaf one")
    endpoint(ERASED, path="&off", description="One that is off", enabled=False)
    person, former = maya(), make_person("former")
    merge_people(survivor_id=person.pk, absorbed_id=former.pk, rule="manual", evidence={})
    public = {one.pk: str(one.public_id) for one in (person, former)}
    tell_many("segment.left", {"segment": "shoes"}, [person.pk])
    person_said = [Bid(200, body=f"gone: {public[person.pk]} maya-4711".encode())]
    there.receiver.statuses = person_said
    deliver_due()
    there.receiver.statuses = [503, 503, 503]
    asked_for("maya")
    drain()
    row = PrivacyRequest.objects.get()
    assert row.result["searched"]["found"] == [], "what others are told is nowhere in the open"
    assert not WebhookDelivery.objects.exclude(answer="").filter(event="segment.left").exists()
    certificate = row.result["certificate"]
    assert is_genuine(certificate)
    states = {one["destination"]: (one["state"], one["reason"]) for one in certificate["passed_on"]}
    host = there.row.host
    assert states == {
        "CRM in Utrecht": ("waiting", ""), host: ("waiting", ""),
        "A deaf one": ("not_told", "not_chosen"), "One that is off": ("not_told", "off"),
    }  # fmt: skip
    there.receiver.statuses = [202, 500]
    due_now()
    deliver_due()
    erased = [one for one in there.verified() if one["type"] == ERASED]
    assert erased[0]["data"] == {
        "person": public[person.pk], "former": [public[former.pk]],
        "user_ids": ["maya-4711"], "request": str(row.public_id),
    }  # fmt: skip
    client = Client()
    client.force_login(make_user(Role.PRIVACY_OFFICER))
    page = client.get(f"/console/privacy/requests/{row.public_id}/").content.decode()
    assert "Passed on" in page and "CRM in Utrecht" in page
    assert "it does not ask for erasures" in page and "it is switched off" in page
    assert "4 were out" not in page and "2 were out when the certificate was made" in page
    taken = ErasureReceipt.objects.exclude(taken_at=None).get()
    assert taken.status == 202
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM webhook_delivery WHERE sealed IS NOT NULL")
        assert cursor.fetchone() == (1,), "the one that waits"
    assert searching.search_request(row)["found"] == []
    there.receiver.statuses = [410]
    due_now()
    deliver_due()
    assert slow.again().off_because == "gone" or there.again().off_because == "gone"
    lost = ErasureReceipt.objects.exclude(failed_at=None).get()
    assert (lost.status, lost.reason) == (410, "HTTP 410")
    gone = slow if slow.again().off_because else there
    lost_need = f"<b>{gone.row}</b> was not told of an erasure"
    officer = make_user(Role.PRIVACY_OFFICER, "officer")
    assert lost_need in {str(need.title) for need in needs(officer)}
    turn = f"/console/privacy/requests/{row.public_id}/tell/"
    client.post(turn)
    assert ErasureReceipt.objects.exclude(failed_at=None).exists(), "its webhook is off"
    gone.row.enabled = True
    gone.row.save()
    assert "Tell them again" in client.get(turn[:-5]).content.decode()
    client.post(turn)
    assert lost_need not in {str(need.title) for need in needs(officer)}
    deliver_due()
    assert ErasureReceipt.objects.exclude(taken_at=None).count() == 2
    assert not WebhookDelivery.objects.exclude(sealed=None).exists()
    delete_webhook(there.row)
    assert ErasureReceipt.objects.count() == 4, "a receipt outlives its destination"
    _row, key = create_api_key(name="k", scopes=["privacy"])
    url = f"/api/privacy-requests/{row.public_id}/receipts/"
    listed = client.get(url, headers={"Authorization": f"Bearer {key}"}).json()["results"]
    assert [one["state"] for one in listed] == ["taken", "taken", "not_told", "not_told"]
    assert "maya" not in json.dumps(listed)


def test_ids_of_our_own_go_to_those_alone_who_may_know_them_when_the_call_is_made(
    endpoint,  # noqa: F811
):
    """Who has systems to erase them from; everybody else knows them by the ids of before."""
    known = endpoint(ERASED, erased_user_ids=True)
    other = endpoint(ERASED, path="&other")
    turned = endpoint(ERASED, path="&turned", erased_user_ids=True)
    person = maya()
    known.receiver.statuses = [503] * 3
    asked_for("maya")
    drain()
    change_webhook(turned.row, erased_user_ids=False)
    known.receiver.statuses = []
    due_now()
    deliver_due()
    [[sent]] = uses().values()
    assert (sent.url, sent.is_sent) == (f"/console/webhooks/{known.row.pk}/", True)
    told = {"person": str(person.public_id), "former": []}
    for one, ids in ((known, ["maya-4711"]), (other, []), (turned, [])):
        data = one.verified()[-1]["data"]
        assert data.pop("request") and data == told | {"user_ids": ids}


def test_nobody_is_told_of_somebody_whom_nobody_knew(endpoint):  # noqa: F811
    there = endpoint(ERASED)
    row = requests.open_request(type_="erasure", references=["email:nobody@example.com"])
    requests.settle(row)
    drain()
    row.refresh_from_db()
    assert row.status == "completed"
    assert not there.calls and not ErasureReceipt.objects.exists()


def test_who_is_taken_away_without_a_request_is_told_of_too(endpoint):  # noqa: F811
    there = endpoint(ERASED, erased_user_ids=True)
    person = maya()
    take_away(person)
    deliver_due()
    [told] = there.verified()
    assert told["data"] == {
        "person": str(person.public_id), "former": [], "user_ids": ["maya-4711"], "request": None,
    }  # fmt: skip
    assert not ErasureReceipt.objects.exists()
