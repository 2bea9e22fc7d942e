"""/api/sources/, /api/ingest/messages/, /api/identities/merges/."""

import pytest

from config.workspace.models import AuditEntry
from profiles.ingest.keys import source_of
from profiles.models import Source
from tests.cast import make_ada, make_merge, make_rejection, make_source
from tests.profiles.api.conftest import caller

pytestmark = pytest.mark.django_db


def test_a_source_is_made_and_its_key_said_once(api):
    answer = api.post("/api/sources/", {"name": "Shop", "kind": "server"}, format="json")
    assert answer.status_code == 201
    body = answer.json()
    assert (body["name"], body["kind"]) == ("Shop", "server")
    assert source_of(body["write_key"]).pk == body["id"]
    listed = api.get("/api/sources").json()["results"]
    assert [row["name"] for row in listed] == ["Shop"]
    assert "write_key" not in listed[0]
    assert body["write_key"] not in str(list(AuditEntry.objects.values()))


def test_a_source_that_proves_is_made_and_changed_by_who_may_see_people_alone():
    """A masked role could make a server source, prove an address of theirs and read the mail."""
    masked, seeing = caller("sources"), caller("sources", "people.personal")
    servers = {kind: make_source(kind, kind) for kind in Source.Kind.values}
    for kind, source in servers.items():
        proves = kind in Source.VERIFIED_KINDS
        new, address = {"name": f"new {kind}", "kind": kind}, f"/api/sources/{source.pk}/"
        made = masked.post("/api/sources/", new, format="json")
        assert made.status_code == (403 if proves else 201)
        assert not proves or "people.personal" in made.json()["detail"]
        for change in ({"trust": 99}, {"name": f"mine {kind}"}, {"enabled": False}):
            answer = masked.patch(address, change, format="json")
            assert answer.status_code == (403 if proves else 200), (kind, change)
        assert masked.delete(address).status_code == (403 if proves else 204)
        if proves:
            assert seeing.post("/api/sources/", new, format="json").status_code == 201
            assert seeing.patch(address, {"trust": 99}, format="json").status_code == 200
            assert seeing.delete(address).status_code == 204


def test_an_unknown_kind_is_refused_with_the_list(api):
    answer = api.post("/api/sources/", {"name": "Shop", "kind": "fax"}, format="json")
    assert answer.status_code == 400
    error = answer.json()["errors"][0]
    assert error["path"] == "kind"
    for kind in Source.Kind.values:
        assert kind in error["message"]


@pytest.mark.parametrize("name", ["", "   ", None, 7.5, "x" * 201, "a\x00b", ["x"]])
def test_a_bad_name_is_refused_at_its_field(api, name):
    answer = api.post("/api/sources/", {"name": name, "kind": "server"}, format="json")
    assert answer.status_code in (201, 400)
    assert answer.status_code == 400 or name == 7.5


def test_refused_calls_are_listed_with_their_reasons(api):
    make_rejection(make_source("Till"), message_id="bad")
    make_rejection(make_source("CRM"), code="too_large")
    rows = api.get("/api/ingest/messages/?status=rejected").json()["results"]
    assert [row["source"] for row in rows] == ["CRM", "Till"]
    assert rows[1]["message_id"] == "bad"
    assert rows[1]["status"] == "rejected"
    assert rows[1]["errors"][0]["path"] == "properties.total"
    assert len(api.get("/api/ingest/messages/?source=Till").json()["results"]) == 1
    assert len(api.get("/api/ingest/messages/?code=too_large").json()["results"]) == 1
    assert api.get("/api/ingest/messages/?status=other").status_code == 400
    assert api.get("/api/ingest/messages/?source=%00").status_code == 400


def test_joins_are_listed_and_a_second_undo_is_a_conflict(api):
    ada = make_ada()
    row = make_merge(ada, evidence={"message_id": "m1"}, snapshot={"profiles": {"identifiers": []}})
    listed = api.get("/api/identities/merges/").json()["results"][0]
    assert listed["survivor"] == str(ada.public_id)
    assert listed["absorbed"] == str(row.absorbed_public_id)
    assert listed["undone_at"] is None
    answer = api.post(f"/api/identities/merges/{row.pk}/undo/")
    assert answer.status_code == 409  # nothing of the other is left
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999999999999999", "%00", "١"])
def test_an_unknown_join_is_not_found(api, number):
    answer = api.post(f"/api/identities/merges/{number}/undo/")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


def test_undoing_needs_the_right(masked):
    row = make_merge(make_ada())
    assert masked.post(f"/api/identities/merges/{row.pk}/undo/").status_code == 403
