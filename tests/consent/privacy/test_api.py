"""Privacy requests over REST: taken in, looked at, carried out, proven."""

import pytest

from config.workspace.access.keys import create_api_key
from config.workspace.work.due import drain
from consent.models import ConsentState, PrivacyRequest
from profiles.models import Identifier, Profile
from segments import services
from segments.builder.explain import explain_rule
from segments.models import Membership
from segments.rules import parse_rule
from tests.profiles.ingest.conftest import _forget_kept, call, source, work_off  # noqa: F401
from tests.segments.builders import trait

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def api(client):
    """Calls with a key that may do all."""
    _row, key = create_api_key(name="k", scopes=["all"])

    def ask(method, path, body=None, status=200):
        answer = (
            getattr(client, method)(
                f"/api/privacy-requests/{path}",
                body,
                JSON,
                headers={"Authorization": f"Bearer {key}"},
            )
            if method != "get"
            else client.get(  # fmt: skip
                f"/api/privacy-requests/{path}", headers={"Authorization": f"Bearer {key}"}
            )
        )
        assert answer.status_code == status, answer.content
        return answer.json()

    return ask


@pytest.fixture
def maya(call):  # noqa: F811
    call.batch(
        {"type": "identify", "userId": "maya-4711",
         "traits": {"email": "maya@example.com", "first_name": "Maya"}},
        {"type": "track", "userId": "maya-4711", "event": "Signed Up"},
    )  # fmt: skip
    work_off()
    return Profile.objects.get(traits__first_name="Maya")


def inside(slug: str) -> set[int]:
    rows = Membership.objects.filter(segment__slug=slug, left_at=None)
    return set(rows.values_list("profile_id", flat=True))


def opened(api, type_="erasure", **more):
    body = {"type": type_, "identifiers": ["email:maya@example.com"], "regulation": "gdpr"}
    return api("post", "", body | more, 201)


def test_an_erasure_from_the_first_call_to_the_certificate(api, maya):
    one = opened(api, received_at="2026-01-31T10:00:00Z")
    assert (one["status"], one["due_at"][:10]) == ("pending", "2026-03-02")  # 28 February: Saturday
    assert opened(api)["id"] == one["id"], "the same while it is open"
    found = api("get", f"{one['id']}/found/")["found"]
    (events,) = [row for row in found if row["table"] == "event"]
    assert (events["rows"], events["act"], events["ground"]) == (2, "erase", "")
    assert all(row["ground"] for row in found if row["act"] == "keep")
    api("get", f"{one['id']}/certificate/", status=409)
    assert api("post", f"{one['id']}/confirm/", {})["confirmed_at"]
    assert api("post", f"{one['id']}/complete/", {}, 202)["status"] == "in_progress"
    drain()
    done = api("get", f"{one['id']}/")
    assert done["status"] == "completed"
    assert all(set(named) == {"kind", "digest"} for named in done["identifiers"])
    assert api("get", f"{one['id']}/certificate/")["found"] == []
    assert api("get", f"{one['id']}/found/")["found"] == []
    assert api("post", f"{one['id']}/verify/", {}, 202)["status"] == "searching"
    drain()
    again = api("get", f"{one['id']}/verify/")
    assert (again["status"], again["found"]) == ("done", [])
    assert len(again["searched"]) > 40  # noqa: PLR2004
    for turn in ("cancel", "extend", "complete", "confirm"):
        answer = api("post", f"{one['id']}/{turn}/", {"because": "x"}, 409)
        assert "completed" in answer["detail"]


def test_an_archive_holds_every_table_that_an_erasure_would_take(api, maya):
    one = opened(api, "access")
    api("get", f"{one['id']}/archive/", status=409)
    api("post", f"{one['id']}/complete/", {}, 202)
    drain()
    archive = api("get", f"{one['id']}/archive/")
    assert archive["data"]["profile_trait"][0]["name"] in ("email", "first_name")
    assert {"kind": "email", "value": "maya@example.com"} in archive["identifiers"]
    assert {"marketing", "service"} <= {purpose["slug"] for purpose in archive["purposes"]}
    found = {row["table"] for row in api("get", f"{one['id']}/found/")["found"]}
    assert found <= set(archive["data"])


def test_what_asks_to_be_left_alone_acts_at_once_and_without_proof(api, maya):
    for type_ in ("objection", "opt_out_of_sale", "opt_out_of_automated"):
        one = opened(api, type_, regulation="ccpa")
        assert one["status"] == "in_progress"
        assert one["proven_at"] is None
    drain()
    assert set(PrivacyRequest.objects.values_list("status", flat=True)) == {"completed"}
    states = ConsentState.objects.filter(profile=maya)
    withdrawn = {row.purpose.slug for row in states if row.status in ("withdrawn", "denied")}
    assert withdrawn == {"marketing", "sharing-for-ads", "personalisation"}
    one = opened(api, "restriction")
    api("post", f"{one['id']}/complete/", {}, 202)
    drain()
    maya.refresh_from_db()
    assert maya.state == "restricted"


def test_what_has_to_stay_is_chosen_and_ended(api, maya):
    one = opened(api)
    where = f"{one['id']}/keep/"
    asked = {"data_class": "messages", "ground": "claims", "because": "Case 12/34"}
    assert api("post", where, asked | {"ground": "whim"}, 400)["errors"][0]["path"] == "ground"
    assert (
        "not both"
        in api("post", where, asked | {"months": 3, "until": "2100-01-01"}, 409)["detail"]
    )
    kept = api("post", where, asked | {"until": "2100-01-01"}, 201)
    assert api("get", where)["exceptions"] == [kept]
    api("post", f"{where}{kept['id']}/end/", {"because": ""}, 400)
    api("post", f"{where}{kept['id'] + 1}/end/", {"because": "x"}, 404)
    assert api("post", f"{where}{kept['id']}/end/", {"because": "x"})["ended_because"] == "x"
    api("post", f"{where}{kept['id']}/end/", {"because": "x"}, 409)
    api("post", f"{opened(api, 'access')['id']}/keep/", asked, 409)


def test_the_restricted_are_in_no_segment_until_it_is_lifted(api, maya):
    rule = {"match": "all", "conditions": [trait("first_name", "eq", "Maya")]}
    services.create_segment(slug="mayas", name="Mayas", kind="dynamic", rule=rule)
    drain()
    one = opened(api, "restriction")
    assert inside("mayas") == {maya.pk}
    api("post", f"{one['id']}/lift/", {"because": "x"}, 409)
    api("post", f"{one['id']}/complete/", {}, 202)
    drain()
    assert inside("mayas") == set()
    maya.refresh_from_db()
    why = explain_rule(parse_rule(rule), maya)
    assert not why.member
    assert "restricted" in why.note
    api("post", f"{one['id']}/lift/", {"because": " "}, 400)
    api("post", f"{one['id']}/lift/", {"because": "The facts are settled."}, 200)
    drain()
    assert inside("mayas") == {maya.pk}
    api("post", f"{one['id']}/lift/", {"because": "again"}, 409)


def test_what_is_wrong_is_named(api, maya, call):  # noqa: F811
    call.batch({"type": "identify", "userId": "ben-12"})
    work_off()
    for body, path in (
        ({"type": "erazure"}, "type"),
        ({"identifiers": ["maya"]}, "identifiers[0]"),
        ({"identifiers": []}, "identifiers"),
        ({"identifiers": ["email:maya@example.com", "user_id:ben-12"]}, "identifiers"),
        ({"regulation": "hipaa"}, "regulation"),
    ):
        whole = {"type": "erasure", "identifiers": ["email:maya@example.com"]} | body
        errors = api("post", "", whole, 400)["errors"]
        assert errors[0]["path"] == path, errors
    api("get", "?status=open", status=400)
    api("get", "00000000-0000-4000-8000-000000000000/", status=404)
    nobody = opened(api, identifiers=["email:nobody@example.com"])
    api("post", f"{nobody['id']}/complete/", {}, 202)
    drain()
    assert api("get", f"{nobody['id']}/")["status"] == "completed"
    rows = api("get", "?status=completed&due_before=2100-01-01")["results"]
    assert [row["id"] for row in rows] == [nobody["id"]]


def test_a_permission_said_of_somebody_erased_makes_nobody(api, maya, client):
    one = opened(api)
    api("post", f"{one['id']}/complete/", {}, 202)
    drain()
    _row, key = create_api_key(name="k2", scopes=["all"])
    said = {
        "person": "email:maya@example.com",
        "purpose": "marketing",
        "channel": "email",
        "status": "granted",
    }
    answer = client.post("/api/consents/", said, JSON, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 400  # noqa: PLR2004
    assert answer.json()["errors"][0]["code"] == "erased"
    assert not Identifier.objects.filter(value="maya@example.com").exists()
