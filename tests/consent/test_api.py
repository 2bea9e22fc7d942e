"""/api/consents/, /api/suppressions/, /api/purposes/ and a person's consents."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.workspace.access.keys import create_api_key
from consent.models import Suppression
from profiles.models import Identifier, Profile
from tests.campaigns.builders import make_person, say

pytestmark = pytest.mark.django_db


def client_with(*scopes) -> Client:
    made = create_api_key(name="-".join(scopes) or "none", scopes=list(scopes))
    key = made[1] if isinstance(made, tuple) else made
    return Client(headers={"Authorization": f"Bearer {key}"})


@pytest.fixture
def api():
    return client_with("all")


def post(api, body, path="/api/consents/"):
    return api.post(path, body, content_type="application/json")


GRANT = {
    "person": "email:Jane@Example.com",
    "purpose": "marketing",
    "channel": "email",
    "status": "granted",
    "basis": "consent",
}


def test_an_unknown_person_is_made_and_permission_listed(api):
    response = post(api, GRANT | {"evidence": {"act": "form", "source": "checkout"}})
    assert response.status_code == 201
    assert response.json()["outcome"] == "recorded"
    assert response.json()["state"] == "granted"
    rows = api.get("/api/consents/?person=email:jane@example.com").json()["results"]
    assert [(r["contact_point"], r["status"], r["source"]) for r in rows] == [
        ("jane@example.com", "granted", "checkout")
    ]
    person = Profile.objects.get()
    assert api.get(f"/api/profiles/{person.public_id}/consents/").json()["results"] == rows


def test_what_was_shown_is_kept_given_as_such_or_in_the_evidence(api):
    given = {"wording": "news-en-4", "language": "en"}
    evidence = {"act": "form", "wording": "older", "language": "nl"}
    post(api, GRANT | given | {"evidence": evidence})
    assert api.get("/api/consents/").json()["results"][0].items() >= given.items()
    post(api, GRANT | {"evidence": evidence})
    found = {"wording": "older", "language": "nl"}
    assert api.get("/api/consents/").json()["results"][0].items() >= found.items()
    post(api, GRANT | {"evidence": {"act": "form", "wording": {"id": 4}}})
    assert api.get("/api/consents/").json()["results"][0]["wording"] == ""
    long = post(api, GRANT | {"wording": "x" * 2001})
    assert (long.status_code, long.json()["errors"][0]["path"]) == (400, "wording")


def test_a_list_is_answered_with_a_list_and_an_import_after_a_withdrawal_stands(api):
    answers = post(api, [GRANT, GRANT | {"status": "withdrawn"}, GRANT]).json()
    assert [a["outcome"] for a in answers] == ["recorded", "recorded", "withdrawal_stands"]
    assert answers[2]["state"] == "withdrawn"
    again = post(api, GRANT | {"evidence": {"act": "form"}}).json()
    assert (again["outcome"], again["state"]) == ("recorded", "granted")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"status": "never_asked"}, "status"),
        ({"status": "maybe"}, "status"),
        ({"purpose": "nothing"}, "purpose"),
        ({"channel": "pigeon"}, "channel"),
        ({"person": "nobody"}, "person"),
        ({"person": "email:not an address"}, "person"),
        ({"topic": "unknown"}, "topic"),
        ({"basis": "whim"}, "basis"),
        ({"evidence": {"act": "merge_undone"}}, "evidence.act"),
        ({"at": "yesterday"}, "at"),
    ],
)
def test_what_is_wrong_is_named(api, change, path):
    response = post(api, GRANT | change)
    assert response.status_code == 400
    assert response["Content-Type"].startswith("application/problem+json")
    assert response.json()["errors"][0]["path"] == path
    listed = post(api, [GRANT, GRANT | change]).json()["errors"][0]["path"]
    assert listed == f"[1].{path}"


def test_a_withdrawal_by_id_reaches_every_address_and_as_of_reads_back(api):
    ada = make_person("ada")
    say(ada)
    body = {"person": str(ada.public_id), "purpose": "marketing", "channel": "email"}
    # by id alone nobody is known yet: the public id resolves through an identifier
    from tests.campaigns.builders import add_address  # noqa: PLC0415 - of this test alone

    add_address(ada, str(ada.public_id), "rapport_id")
    assert post(api, body | {"status": "withdrawn"}).status_code == 201
    rows = api.get(f"/api/consents/?person={ada.public_id}").json()["results"]
    assert {r["status"] for r in rows} == {"withdrawn"}
    past = api.get("/api/consents/?person=email:ada@example.com&as_of=2020-01-01T00:00:00Z")
    assert past.json()["results"] == []
    assert api.get("/api/consents/").json()["results"]
    assert api.get("/api/consents/?person=email:ada@example.com&as_of=x").status_code == 400


def test_suppressions(api):
    body = {"kind": "email", "value": "Bad@Example.com", "reason": "complaint"}
    response = post(api, body, "/api/suppressions/")
    assert (response.status_code, response.json()["level"]) == (201, "marketing")
    assert post(api, body, "/api/suppressions/").status_code == 201
    assert Suppression.objects.count() == 1
    assert "bad@example.com" not in response.content.decode()
    found = api.get("/api/suppressions/?kind=email&value=bad@example.com").json()["results"]
    assert len(found) == 1
    assert api.delete("/api/suppressions/?kind=email&value=bad@example.com").status_code == 204
    assert api.delete("/api/suppressions/?kind=email&value=bad@example.com").status_code == 404
    assert post(api, body | {"reason": "mood"}, "/api/suppressions/").status_code == 400
    assert post(api, body | {"value": "x"}, "/api/suppressions/").status_code == 400


def test_purposes(api):
    slugs = [row["slug"] for row in api.get("/api/purposes/").json()["results"]]
    assert slugs == ["service", "marketing", "measuring", "personalisation", "sharing-for-ads"]


def test_rights():
    reader = client_with("consents.view")
    assert reader.get("/api/purposes/").status_code == 200
    assert post(reader, GRANT).status_code == 403
    assert reader.get("/api/suppressions/").status_code == 403
    assert Client().get("/api/consents/").status_code == 401


def grants(start: int, count: int) -> list[dict]:
    """Permissions of so many people, each by an address of their own."""
    return [
        {
            "person": f"email:person{number}@example.com",
            "purpose": "marketing",
            "channel": "email",
            "status": "granted",
            "basis": "consent",
            "evidence": {"act": "recorded_call"},
        }
        for number in range(start, start + count)
    ]


def test_a_batch_costs_as_many_statements_whatever_its_size(api):
    """5,000 permissions took 41 seconds, a dozen statements for each."""
    counts = {}
    for name, body in (
        ("first", grants(0, 3)),  # what is read once in a process
        ("few new", grants(10, 3)),
        ("many new", grants(20, 60)),
        ("few known", grants(10, 3)),
        ("many known", grants(20, 60)),
    ):
        with CaptureQueriesContext(connection) as queries:
            answer = post(api, body)
        assert answer.status_code == 201, answer.content
        assert {one["state"] for one in answer.json()} == {"granted"}
        counts[name] = len(queries)
    assert counts["many new"] <= counts["few new"] + 2
    assert counts["many known"] <= counts["few known"] + 2
    assert Profile.objects.count() == 66
    assert Identifier.objects.filter(kind="email").exclude(verified_at=None).count() == 66


def test_a_batch_in_which_one_cannot_be_makes_nobody(api):
    body = grants(0, 5)
    body[3]["person"] = "email:no"
    answer = post(api, body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "[3].person")
    assert Profile.objects.count() == 0


def test_the_same_person_in_a_batch_is_one_person(api):
    body = grants(0, 1) * 2
    body[1] = body[1] | {"person": "email:Person0@Example.com", "status": "withdrawn"}
    said = post(api, body).json()
    assert [one["state"] for one in said] == ["granted", "withdrawn"]
    assert Profile.objects.count() == 1
