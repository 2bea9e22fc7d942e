"""Webhooks on screens and over REST: made, looked at, rotated, replayed, by whoever may."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from config.console import health_words
from config.home.needs import needs
from config.workspace.access.keys import create_api_key
from config.workspace.health import status
from config.workspace.health.status import HealthLevel
from config.workspace.models import Circuit, Role, Webhook, WebhookDelivery
from config.workspace.outgoing.delivery import deliver_due
from config.workspace.outgoing.notices import tell
from tests.cast import make_user
from tests.receiving import Bid
from tests.workspace.outgoing.conftest import due_now

pytestmark = pytest.mark.django_db
LIST = "/console/webhooks/"
FINISHED = "campaign.finished"


def client_of(role):
    client = Client()
    client.force_login(make_user(role))
    return client


class Api:
    def __init__(self, *scopes):
        _row, key = create_api_key(name=f"key {scopes}", scopes=list(scopes))
        self.client, self.headers = Client(), {"Authorization": f"Bearer {key}"}

    def __call__(self, method, path="", body=None):
        kind = {} if body is None else {"data": body, "content_type": "application/json"}
        send = getattr(self.client, method)
        return send(f"/api/webhooks/{path}", headers=self.headers, **kind)


def test_from_the_form_to_the_log_and_back(receiver):
    client = client_of(Role.INTEGRATOR)
    assert "Nobody is told anything yet" in client.get(LIST).content.decode()
    wrong = {"url": "http://10.0.0.7:1/", "description": "<b>x</b>", "events": []}
    page = client.post(f"{LIST}new/", {**wrong, "url": "ftp://x"}).content.decode()
    assert "It has to begin with https:// and the name of a host." in page
    assert "Choose at least one kind of event." in page
    made = {"url": receiver.url, "description": "<b>CRM</b> &\u202e", "events": [FINISHED]}
    page = client.post(f"{LIST}new/", made).content.decode()
    assert "whsec_" in page and "&lt;b&gt;CRM" in page
    row = Webhook.objects.get()
    own = f"{LIST}{row.pk}/"
    assert "whsec_" not in client.get(own).content.decode()
    client.post(f"{own}do/ping/")
    receiver.statuses = [Bid(503, body=b"on <i>fire</i>, says jane@example.com")]
    deliver_due()
    page = client.get(own).content.decode()
    assert "503" in page and "1 try" in page and "failing" in page
    assert "jane@" not in page and "<i>fire" not in page
    assert not any("takes nothing" in str(n.title) for n in needs(make_user(Role.ADMIN)))
    Webhook.objects.update(failing_since=timezone.now() - timedelta(minutes=11))
    assert any("takes nothing" in str(n.title) for n in needs(make_user(Role.ADMIN)))
    due_now()
    deliver_due()
    call = WebhookDelivery.objects.get()
    client.post(f"{own}calls/{call.public_id}/replay/")
    deliver_due()
    assert len(receiver.told) == 3
    page = client.get(f"{own}?state=delivered", headers={"hx-request": "true"}).content.decode()
    assert "taken" in page and "<html" not in page
    assert "Nothing of this kind" in client.get(f"{own}?state=failed").content.decode()
    page = client.post(f"{own}key/", {"hours": 24}).content.decode()
    assert "whsec_" in page and "two keys for a while" in page
    assert client.post(f"{own}key/", {"hours": 999}).status_code == 404
    client.post(f"{own}edit/", {**made, "events": ["segment.entered"]})
    assert Webhook.objects.get().events == ["segment.entered"]
    assert "not when one of them is erased" in client.get(own).content.decode()
    page = client.post(f"{own}do/off/", follow=True).content.decode()
    assert "Switch on" in page and "switched off by hand" in page
    page = client.post(f"{own}do/ping/", follow=True).content.decode()
    assert "switch it on first" in page
    client.post(f"{own}do/on/")
    assert client.post(f"{own}do/delete/").status_code == 302
    assert not Webhook.objects.exists()
    assert client.get(own).status_code == 404


def test_one_that_switched_itself_off_stands_on_home_until_somebody_looks(endpoint, receiver):
    there = endpoint(description="CRM")
    tell(FINISHED, [({}, [])])
    receiver.statuses = [410]
    deliver_due()
    [need] = [n for n in needs(make_user(Role.INTEGRATOR)) if "CRM" in str(n.title)]
    assert need.url.endswith(f"/console/webhooks/{there.row.pk}/")
    assert "410" in str(need.text)
    assert not [n for n in needs(make_user(Role.MARKETER)) if "CRM" in str(n.title)]
    _trouble()
    own = f"{LIST}{there.row.pk}/"
    client_of(Role.ADMIN).post(f"{own}do/off/")
    assert there.again().off_because == "by_hand"
    assert not [n for n in needs(make_user(Role.INTEGRATOR)) if "CRM" in str(n.title)]
    client = client_of(Role.PRIVACY_OFFICER)
    page = client.get(f"{LIST}{there.row.pk}/").content.decode()
    assert "1 call was given up" in page
    assert "Send all again" not in page and "Switch on" not in page
    assert client.post(f"{LIST}{there.row.pk}/do/on/").status_code == 403
    assert client_of(Role.ANALYST).get(LIST).status_code == 403


def _trouble():
    """A receiver of others makes its unit amber, and nothing else."""
    with connection.cursor() as cursor:
        health = status.read(cursor)
    [unit] = [unit for unit in health.units if unit.fault and unit.fault.kind == "untaken"]
    assert (unit.name, unit.level) == ("webhooks", HealthLevel.BEHIND)
    assert "1 webhook takes nothing since" in health_words.said(unit)
    assert "what it should hear of: " in health_words.said(unit), "and what it misses"
    assert health_words.title(unit) == "127.0.0.1 is not told of what happens here"
    assert "Settings, Webhooks" in health_words.remedy(unit)
    Circuit.objects.create(
        server="https://x:443", channel="webhook", reason="x", failures=3,
        opened_at=timezone.now() - timedelta(hours=1), retry_at=timezone.now(),
    )  # fmt: skip
    with connection.cursor() as cursor:
        assert not status.read(cursor).unit("delivery").fault
    Circuit.objects.all().delete()


def test_over_rest_from_the_first_call_to_the_replay(receiver):
    api = Api("webhooks")
    body = {"url": receiver.url, "events": [FINISHED, "profile.erased"]}
    answer = api("post", body=body)
    assert answer.status_code == 201
    made = answer.json()
    assert made["secret"].startswith("whsec_")
    assert (made["url"], made["enabled"], made["state"]) == (receiver.url, True, "healthy")
    one = f"{made['id']}/"
    assert "secret" not in api("get", one).json()
    assert [row["id"] for row in api("get").json()["results"]] == [made["id"]]
    names = {row["name"]: row for row in api("get", "events/").json()["results"]}
    assert names["segment.entered"]["example"]["people"]
    for wrong, path in (
        ({"url": "https://127.0.0.1/", "events": ["nope"]}, "events[0]"),
        ({"url": "gopher://x", "events": [FINISHED]}, "url"),
        ({"url": receiver.url}, "events"),
        ({**body, "secret": "mine"}, "secret"),
    ):
        answer = api("post", body=wrong)
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, path)
    answer = api("patch", one, {"description": "CRM", "events": [FINISHED]})
    assert (answer.json()["description"], answer.json()["events"]) == ("CRM", [FINISHED])
    assert api("patch", one, {"url": "x"}).status_code == 400
    answer = api("post", f"{one}rotate/", {"overlap_hours": 2})
    assert answer.json()["secret"] != made["secret"]
    assert answer.json()["former_key_until"]
    assert api("post", f"{one}rotate/", {"overlap_hours": 721}).status_code == 400
    assert api("post", f"{one}ping/").status_code == 202
    tell(FINISHED, [({"campaign": "spring"}, [])])
    receiver.statuses = [200, 410]
    deliver_due()
    log = api("get", f"{one}deliveries/").json()["results"]
    states = {row["event"]: row["state"] for row in log}
    assert "failed" in states.values()
    assert api("post", f"{one}replay/", {}).status_code == 409, "it is off"
    assert api("get", one).json()["off_because"] == "gone"
    assert api("patch", one, {"enabled": True}).json()["state"] == "healthy"
    failed = api("get", f"{one}deliveries/?state=failed").json()["results"]
    assert api("get", f"{one}deliveries/?state=x").status_code == 400
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    assert api("post", f"{one}replay/", {"since": later}).json() == {"replayed": 0}
    assert api("post", f"{one}replay/", {}).json() == {"replayed": len(failed)}
    deliver_due()
    assert not api("get", f"{one}deliveries/?state=failed").json()["results"]
    again = f"{one}deliveries/{failed[0]['id']}/replay/"
    assert api("post", again).json()["state"] == "waiting"
    assert api("post", f"{one}deliveries/msg_x/replay/").status_code == 404
    assert Api("settings")("get").status_code == 403
    assert Api("webhooks.view")("post", body=body).status_code == 403
    assert api("delete", one).status_code == 204
    assert api("get", one).status_code == 404


def test_ids_of_people_are_told_where_somebody_said_so_who_may_see_them(receiver):
    """By the form and by the API; another address, chosen by somebody else, is told of none."""
    given = {"url": receiver.url, "description": "CRM", "events": ["profile.erased"]}
    integrator, admin = client_of(Role.INTEGRATOR), client_of(Role.ADMIN)
    page = integrator.get(f"{LIST}new/").content.decode()
    assert "To tick it you need to be allowed to see personal data" in page
    integrator.post(f"{LIST}new/", given | {"erased_user_ids": "on"})
    row = Webhook.objects.get()
    own = f"{LIST}{row.pk}/"
    assert not row.erased_user_ids
    assert "by our ids alone" in admin.get(own).content.decode()
    assert "To tick it" not in admin.get(f"{own}edit/").content.decode()
    admin.post(f"{own}edit/", given | {"erased_user_ids": "on"})
    assert "by our ids and your own" in admin.get(own).content.decode()
    integrator.post(f"{own}edit/", given | {"description": "The CRM"})
    row.refresh_from_db()
    assert row.description == "The CRM" and row.erased_user_ids
    integrator.post(f"{own}edit/", given | {"url": f"{receiver.url}&mine"})
    row.refresh_from_db()
    assert not row.erased_user_ids, "another address is another destination"
    few, many = Api("webhooks"), Api("webhooks", "people.personal")
    body = {"url": receiver.url, "events": ["profile.erased"], "erased_user_ids": True}
    refused = few("post", body=body)
    assert refused.status_code == 400, refused.content
    assert refused.json()["errors"][0]["path"] == "erased_user_ids"
    made = many("post", body=body).json()
    assert made["erased_user_ids"] is True
    assert few("patch", f"{made['id']}/", {"erased_user_ids": True}).status_code == 200, "as it was"
    moved = few("patch", f"{made['id']}/", {"url": f"{receiver.url}&more"}).json()
    assert moved["erased_user_ids"] is False
    assert few("patch", f"{made['id']}/", {"erased_user_ids": True}).status_code == 400
