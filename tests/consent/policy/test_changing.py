"""A change of the table: tried before it is made, versioned, found again, by page and API."""

import json
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test import Client
from django.utils import timezone

from config.workspace.models import AuditEntry, Role
from consent.ledger.recording import Statement, record_consents
from consent.models import Policy, PolicyVersion, Purpose
from consent.policy.changing import (
    BadPolicy,
    ChangedSince,
    as_it_would_be,
    change_policy,
    said_of,
    table_as_of,
)
from consent.policy.resolving import policy_table
from consent.reach.dry_run import PolicyEffect, effects_of
from tests.cast import give_consent, make_profile, make_user

pytestmark = pytest.mark.django_db
SALE = {"order_id": "CO-1", "opt_out_offered": True, "similar_products": True}


def row(slug: str) -> Policy:
    return Policy.objects.get(slug=slug)


def officer() -> Client:
    client = Client()
    client.force_login(make_user(Role.PRIVACY_OFFICER, name="olga"))
    return client


def soft(person) -> None:
    record_consents(
        [
            Statement(
                profile_id=person.pk,
                purpose_id=Purpose.objects.get(slug="marketing").pk,
                channel="email",
                status="granted",
                basis="soft_opt_in",
                evidence=SALE,
            )
        ]
    )


@pytest.fixture
def people():
    """Three in France, two of whom allow measuring; two in the Netherlands; one nowhere."""
    found = {}
    for n, country in enumerate(("FR", "France", "fr", "NL", "NL", "")):
        person = make_profile(f"p{n}", email=f"p{n}@example.com", country=country)
        give_consent(person)
        found[n] = person
    for n in (0, 1, 3, 5):
        give_consent(found[n], purpose="measuring")
    give_consent(found[4], purpose="measuring", status="denied")
    return found


def test_who_loses_what_is_counted_before_it_is_saved(people, django_assert_max_num_queries):
    wanted = as_it_would_be(row("fr-tracking"), {"terms": {"open_tracking": "off"}})
    with django_assert_max_num_queries(12):
        effects = effects_of(wanted)
    assert effects == [PolicyEffect("unmeasured", "FR", 2, "email", "marketing")]
    assert row("fr-tracking").terms == {"open_tracking": "permission"}
    on = as_it_would_be(row("eea-tracking"), {"terms": {"open_tracking": "on"}})
    assert effects_of(on) == [], "of two in the Netherlands one allows it, and one refused"
    everywhere = as_it_would_be(row("eea-marketing"), {"terms": {"bases": ["contract"]}})
    found = {(one.place, one.what): one.people for one in effects_of(everywhere)}
    assert found == {("FR", "lose"): 3, ("NL", "lose"): 2}
    for n in (3, 4):
        give_consent(people[n], status="withdrawn")
    soft(people[5])
    greta = make_profile("Greta", email="g@example.com", country="NL")
    soft(greta)
    opened = as_it_would_be(row("eea-soft-opt-in"), {"is_on": True})
    assert effects_of(opened) == [PolicyEffect("gain", "NL", 1, "email", "marketing")]
    hours = {"terms": {"hours": {"from": "10:00", "to": "18:00"}}, "channel": "email"}
    under = effects_of(as_it_would_be(row("us-texts"), hours))
    assert {one.what for one in under} <= {"under"}


def test_the_page_tries_first_then_saves_with_its_reason(people):
    """Nothing is kept by a try; the history says who, when, what and why; the trail leads here."""
    client = officer()
    listed = client.get("/console/privacy/policies/").content.decode()
    assert "Pixels in mails need consent" in listed and "not yet" in listed
    page = "/console/privacy/policies/fr-tracking/"
    given = {
        "name": "Pixels in mails need consent", "place": "FR", "purpose": "class:marketing",
        "channel": "email", "law": "Ours", "source": "", "valid_from": "2026-07-14",
        "valid_until": "", "is_on": "on", "term_open_tracking": "off", "seen": "1",
    }  # fmt: skip
    tried = client.post(page, given | {"action": "try"}).content.decode()
    assert "<b>2</b> people in France lose open tracking" in tried
    assert row("fr-tracking").version == 1
    without = client.post(page, given | {"action": "save", "why": " "}).content.decode()
    assert "Say why" in without and row("fr-tracking").version == 1
    saved = client.post(page, given | {"action": "save", "why": "The CNIL asked."}, follow=True)
    text = saved.content.decode()
    assert "Version 2" in text and "olga" in text and "The CNIL asked." in text
    assert "with permission → never" in text
    assert (
        policy_table().value("open_tracking", "FR", "email", Purpose.objects.get(slug="marketing"))
        == "off"
    )
    late = client.post(page, given | {"action": "save", "why": "x", "term_open_tracking": "on"})
    assert "Somebody changed this row" in late.content.decode()
    assert row("fr-tracking").version == 2
    assert AuditEntry.objects.filter(action="policy.changed", target="fr-tracking").count() == 1
    wrong = client.post(page, given | {"action": "try", "term_hours_from": "21:00"})
    assert "from and to" in wrong.content.decode()
    reader = Client()
    reader.force_login(make_user(Role.MARKETER))
    assert "Change it" not in reader.get(page).content.decode()
    assert reader.post(page, given).status_code == 403
    assert reader.get("/console/privacy/policies/new/").status_code == 403
    assert client.get("/console/privacy/policies/new/").status_code == 200


def test_a_version_of_any_moment_is_found_again_and_never_changed():
    before = timezone.now()
    changed = change_policy(row("fr-tracking"), {"is_on": False}, why="A trial.", seen=1)
    assert changed.version == 2
    purpose = Purpose.objects.get(slug="marketing")
    then, now = table_as_of(before), table_as_of(timezone.now())
    assert then.said("FR", "email", purpose)["open_tracking"].row.slug == "fr-tracking"
    assert now.said("FR", "email", purpose)["open_tracking"].row.slug == "eea-tracking"
    assert table_as_of(before - timedelta(days=1)).rows == []
    same = change_policy(changed, {"is_on": False}, why="")
    assert same.version == 2, "what says the same is no version"
    with pytest.raises(ChangedSince):
        change_policy(changed, {"is_on": True}, why="x", seen=1)
    for values, field in (
        ({"place": "XX"}, "place"), ({"channel": "fax"}, "channel"), ({"terms": {}}, "terms"),
        ({"terms": {"hours": {"from": "21:00", "to": "08:00"}}}, "terms"),
        ({"terms": {"colour": "red"}}, "terms"), ({"valid_until": "2020-01-01"}, "valid_until"),
        ({"colour": "red"}, "colour"), ({"slug": "x"}, "slug"), ({"name": " "}, "name"),
    ):  # fmt: skip
        with pytest.raises(BadPolicy) as error:
            change_policy(changed, values, why="x")
        assert error.value.field == field
    for statement in ("UPDATE policy_version SET why = ''", "DELETE FROM policy_version"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert PolicyVersion.objects.filter(policy__slug="fr-tracking").count() == 2
    assert all(
        one.said == said_of(one.policy)
        for one in PolicyVersion.objects.filter(version=1)
        if one.policy.version == 1
    )


def test_the_api_says_the_same(people):
    client = officer()

    def call(method: str, path: str, body=None):
        send = getattr(client, method)
        return send(f"/api/policies/{path}", json.dumps(body), content_type="application/json")

    rows = client.get("/api/policies/?place=FR").json()["results"]
    assert [one["slug"] for one in rows] == ["fr-calls", "fr-tracking"]
    change = {"terms": {"open_tracking": "off"}}
    tried = call("post", "fr-tracking/dry-run/", change).json()
    assert tried == {
        "effects": [
            {"what": "unmeasured", "place": "FR", "people": 2, "channel": "email",
             "purpose": "marketing", "term": ""}
        ]
    }  # fmt: skip
    assert call("patch", "fr-tracking/", change).status_code == 400, "why?"
    moment = timezone.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert call("patch", "fr-tracking/", change | {"why": "x"}).json()["version"] == 2
    wrong = call("patch", "fr-tracking/", {"place": "XX", "why": "x"})
    assert wrong.json()["errors"][0]["path"] == "place"
    versions = client.get("/api/policies/fr-tracking/versions/").json()["results"]
    assert [one["version"] for one in versions] == [2, 1]
    past = client.get(f"/api/policies/?place=FR&as_of={moment}").json()["results"]
    assert past[1]["terms"] == {"open_tracking": "permission"}
    new = {"slug": "pl-pixels", "name": "Poland", "place": "PL", "why": "Counsel."} | change
    assert call("post", "", new).status_code == 201
    assert call("post", "", new).json()["errors"][0]["path"] == "slug"
    assert client.get("/api/policies/nothing/").status_code == 404
