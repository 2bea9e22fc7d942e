"""Whom an incident touched is exact: everybody whom somebody saw, and nobody else."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from config.workspace.access.keys import create_api_key
from config.workspace.models import AuditedPeople, AuditEntry, Role, Webhook, WebhookDelivery
from config.workspace.work.due import drain
from consent.incidents import finding, reporting
from consent.models import BreachClock, Incident
from consent.privacy.requests import open_request, settle
from profiles.merging.merging import merge_people
from profiles.models import Profile
from segments.models import Segment
from tests.cast import make_event, make_profile, make_source, make_user, set_trait

pytestmark = pytest.mark.django_db
LIST = "/console/privacy/incidents/"


def incident(kind: str, subject_id: int, **more) -> Incident:
    now = timezone.now()
    values = {
        "title": "A laptop was stolen", "kind": kind, "subject_id": subject_id,
        "since": now - timedelta(hours=2), "until": now + timedelta(hours=2),
        "known_at": now - timedelta(hours=80), "note": "",
    } | more  # fmt: skip
    return reporting.report(values, None)


def touched(row: Incident) -> set[str]:
    found = Profile.objects.filter(pk__in=finding.people_of(row).raw())
    return set(found.values_list("display_name", flat=True))


def client_of(role: str) -> tuple[Client, int]:
    client, user = Client(), make_user(role)
    client.force_login(user)
    return client, user.pk


def test_a_user_saw_those_whom_lists_searches_and_pages_showed_and_nobody_else():
    ada, ben, cleo, dan = (
        make_profile(name, email=f"{name.lower()}@example.com", country=country)
        for name, country in (("Ada", "NL"), ("Ben", "ID"), ("Cleo", ""), ("Dan", "US"))
    )
    marketer, number = client_of(Role.MARKETER)
    marketer.get(f"/console/people/{ada.public_id}/")
    marketer.get("/console/people/?q=ben@example.com")
    other, other_number = client_of(Role.MARKETER)
    other.get("/console/people/")
    assert AuditedPeople.objects.filter(entry__actor_id=other_number).exists()
    row = incident("user", number)
    assert touched(row) == {"Ada", "Ben"}
    assert row.counted["people"] == 2  # noqa: PLR2004
    assert {name for name, _n in row.counted["fields"]} >= {"display_name", "identifier"}
    assert dict(map(tuple, row.counted["countries"])) == {"NL": 1, "ID": 1}
    assert touched(incident("user", other_number)) == {"Ada", "Ben", "Cleo", "Dan"}
    later = timezone.now() + timedelta(hours=1)
    assert touched(incident("user", number, since=later)) == set()
    merge_people(survivor_id=cleo.pk, absorbed_id=ben.pk, rule="manual", evidence={})
    assert touched(row) == {"Ada", "Cleo"}, "as who they are today"
    AuditedPeople.objects.all().delete()
    assert finding.count(row)["nameless"] == 1, "what is not known is said"
    assert dan.display_name not in touched(row)


def test_who_looks_at_a_request_or_their_archive_saw_the_person():
    def asks(name: str):
        make_profile(name.title(), email=f"{name}@example.com")
        reference = f"email:{name}@example.com"
        return open_request(type_="access", references=[reference], regulation="other")

    looked_at, archived, _listed = asks("ada"), asks("ben"), asks("cleo")
    looker, looker_number = client_of(Role.PRIVACY_OFFICER)
    looker.get(f"/console/privacy/requests/{looked_at.public_id}/")
    assert touched(incident("user", looker_number)) == {"Ada"}
    settle(archived)
    drain()
    looker.get(f"/console/privacy/requests/{archived.public_id}/archive/")
    assert touched(incident("user", looker_number)) == {"Ada", "Ben"}
    other, other_number = client_of(Role.PRIVACY_OFFICER)
    other.get("/console/privacy/requests/")
    assert touched(incident("user", other_number)) == {"Ada", "Ben", "Cleo"}


def test_a_key_a_source_and_a_webhook_touch_what_they_read_brought_and_took():
    ada, ben = make_profile("Ada", traits={"plan": "pro"}), make_profile("Ben")
    key, value = create_api_key(name="warehouse", scopes=["people"])
    Client(headers={"Authorization": f"Bearer {value}"}).get("/api/profiles/")
    row = incident("api_key", key.pk)
    assert touched(row) == {"Ada", "Ben"}
    assert dict(map(tuple, row.counted["fields"]))["identifier"] == 2  # noqa: PLR2004
    source = make_source("Leaked")
    make_event(ada, "Order Completed", source=source, total=3)
    set_trait(ben, "note", "x", source=source)
    row = incident("source", source.pk)
    assert touched(row) == {"Ada", "Ben"}
    assert {name for name, _n in row.counted["fields"]} == {"total", "note"}
    hook = Webhook.objects.create(url="https://hook.example/")
    now = timezone.now()
    for people, delivered in (([ada.pk], now), ([ben.pk], None)):
        WebhookDelivery.objects.create(
            webhook=hook, event="person.updated", people=people, due_at=now, delivered_at=delivered
        )
    assert touched(incident("webhook", hook.pk)) == {"Ada"}
    with pytest.raises(reporting.IncidentRefused, match="none of this number"):
        incident("source", 0)


def test_the_clocks_are_those_of_the_laws_of_the_people_and_say_which_is_late():
    for country in ("NL", "ID", "IN", "US", "AU"):
        make_profile(country, country=country)
    client, number = client_of(Role.MARKETER)
    client.get("/console/people/")
    row = incident("user", number)
    clocks = {(one.clock.law, one.clock.told): one for one in reporting.clocks(row)}
    gdpr = clocks["GDPR (European Economic Area)", "authority"]
    assert gdpr.due_at - row.known_at == timedelta(hours=72)
    assert gdpr.is_late
    assert not clocks["California", "people"].is_late
    assert ("California", "authority") not in clocks, "from 501 people on"
    laws = {law for law, _told in clocks}
    assert laws == {"GDPR (European Economic Area)", "UU PDP (Indonesia)", "DPDP (India)",
                    "California"}  # fmt: skip
    reporting.tell(row, "authority")
    row.refresh_from_db()
    assert not any(one.is_late for one in reporting.clocks(row)
                   if one.clock.told == "authority")  # fmt: skip
    assert all(clock.origin for clock in BreachClock.objects.all()), "each says where it stands"


def test_the_officer_writes_it_down_lists_the_people_tells_and_closes():
    ada = make_profile("Ada", email="ada@example.com", country="NL")
    marketer, number = client_of(Role.MARKETER)
    marketer.get(f"/console/people/{ada.public_id}/")
    officer, _number = client_of(Role.PRIVACY_OFFICER)
    assert "No incident yet" in officer.get(LIST).content.decode()
    now = timezone.localtime()
    form = {
        "title": "<b>Laptop", "subject": f"user:{number}", "note": "stolen",
        "since": f"{now - timedelta(days=1):%Y-%m-%dT%H:%M}",
        "until": f"{now - timedelta(days=2):%Y-%m-%dT%H:%M}",
        "known_at": f"{now:%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    assert "ends before it begins" in officer.post(f"{LIST}new/", form).content.decode()
    form["until"] = f"{now + timedelta(days=1):%Y-%m-%dT%H:%M}"
    page = officer.post(f"{LIST}new/", form, follow=True).content.decode()
    for text in ("&lt;b&gt;Laptop", "1 person", "article 33", "Person looked at", "not yet"):
        assert text in page
    row = Incident.objects.get()
    one = f"{LIST}{row.public_id}/"
    for turn in ("told-authority", "told-people", "count"):
        officer.post(f"{one}{turn}/")
    answer = officer.post(f"{one}list/")
    drain()
    segment = Segment.objects.get(kind="static")
    assert answer.url.endswith(f"/{segment.slug}/")
    assert segment.membership_set.count() == 1
    assert "Say what was found" in officer.post(f"{one}close/", follow=True).content.decode()
    page = officer.post(f"{one}close/", {"because": "wiped"}, follow=True).content.decode()
    assert "wiped" in page
    assert AuditEntry.objects.filter(action="incident.closed").exists()
    assert marketer.get(LIST).status_code == 403  # noqa: PLR2004
    assert marketer.post(f"{one}close/").status_code == 403  # noqa: PLR2004


def test_over_rest_with_the_path_of_what_is_wrong():
    make_profile("Ada", country="NL")
    client, number = client_of(Role.MARKETER)
    client.get("/console/people/")
    _row, key = create_api_key(name="officer", scopes=["privacy"])
    api = Client(headers={"Authorization": f"Bearer {key}"})
    now = timezone.now()
    body = {
        "title": "x",
        "kind": "user",
        "subject_id": number,
        "since": now.isoformat(),
        "until": (now - timedelta(days=1)).isoformat(),
        "known_at": now.isoformat(),
    }
    answer = api.post("/api/incidents/", body, "application/json")
    assert answer.status_code == 400  # noqa: PLR2004
    assert answer.json()["errors"][0]["path"] == "until"
    body["since"] = (now - timedelta(days=1)).isoformat()
    body["until"] = (now + timedelta(days=1)).isoformat()
    made = api.post("/api/incidents/", body, "application/json").json()
    assert (made["people"], made["countries"]) == (1, [{"name": "NL", "people": 1}])
    assert {one["told"] for one in made["clocks"]} == {"authority", "people"}
    assert api.get(f"/api/incidents/{made['id']}/").json() == made
    assert api.get("/api/incidents/").json()["results"] == [made]
    assert api.get("/api/incidents/x/").status_code == 404  # noqa: PLR2004
