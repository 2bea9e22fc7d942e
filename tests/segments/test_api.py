"""/api/segments/ as clients see it (docs/integrators/rest.md)."""

import json
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from config.workspace.digests import contact_digest
from config.workspace.models import User
from consent.models import ConsentEntry, ConsentState, Purpose, Suppression
from profiles.identity.keys import keep
from profiles.models import Identifier
from segments.members.due import work
from segments.models import Membership, Segment
from tests.segments.builders import AS_OF, event, group, make_person, trait

pytestmark = pytest.mark.django_db
PRO = group("all", trait("plan", "eq", "pro"))


def client_of(role: str) -> Client:
    client = Client()
    client.force_login(User.objects.create_user(role, password="x", role=role))
    return client


@pytest.fixture
def api() -> Client:
    return client_of("admin")


def send(client, method, path, body=None):
    return getattr(client, method)(
        f"/api/{path}", json.dumps(body), content_type="application/json"
    )


def known(person, email):
    for kind, value in (("email", email), ("rapport_id", str(person.public_id))):
        keep(
            [
                Identifier(
                    kind=kind,
                    value=value,
                    profile_id=person.pk,
                    verified_at=AS_OF,
                    first_source_id=1,
                    first_seen=AS_OF,
                    last_seen=AS_OF,
                )
            ]
        )
    return person


def everything():
    while work():
        pass


def test_a_segment_from_birth_to_end(api) -> None:
    ada = known(make_person(plan="pro"), "ada@example.com")
    made = send(
        api, "post", "segments/", {"slug": "pro", "name": "Pro", "kind": "dynamic", "rule": PRO}
    )
    assert made.status_code == 201
    assert made.json()["status"] == "refreshing"
    everything()
    for path in ("segments/pro/", "segments/pro"):
        found = api.get(f"/api/{path}").json()
        assert (found["count"], found["status"], found["sentence"]) == (1, "fresh", "plan is pro")
    members = api.get("/api/segments/pro/members/").json()
    assert [row["profile"] for row in members["results"]] == [str(ada.public_id)]
    assert members["next"] is None
    before = api.get("/api/segments/pro/members/?as_of=2020-01-01T00:00:00Z").json()
    assert before["results"] == []
    assert send(api, "post", "segments/pro/refresh/").status_code == 202
    assert api.get("/api/segments/pro/").json()["status"] == "refreshing"
    everything()
    changed = send(
        api, "patch", "segments/pro/", {"rule": group("none", trait("plan", "eq", "pro"))}
    )
    assert changed.json()["version"] == 2
    everything()
    assert api.get("/api/segments/pro/").json()["count"] == 0
    assert api.get("/api/segments").json()["results"][0]["slug"] == "pro"
    assert send(api, "delete", "segments/pro/").status_code == 204
    assert api.get("/api/segments/pro/").status_code == 404
    assert not Membership.objects.filter(left_at=None).exists()


def test_a_change_that_builds_on_an_older_revision_is_refused(api) -> None:
    made = send(api, "post", "segments/", {"slug": "pro", "name": "Pro", "rule": PRO})
    assert made.json()["revision"] == 1
    other = group("all", trait("plan", "eq", "free"))
    for body, revision in (({"name": "Two"}, 2), ({"rule": other}, 3), ({"description": "x"}, 4)):
        body["revision"] = revision - 1
        assert send(api, "patch", "segments/pro/", body).json()["revision"] == revision
    late = send(api, "patch", "segments/pro/", {"rule": PRO, "revision": 1})
    assert late.status_code == 409
    assert (late.json()["errors"][0]["code"], late.json()["revision"]) == ("stale", 4)
    assert Segment.objects.get().rule == other
    same = send(api, "patch", "segments/pro/", {"rule": other, "revision": 1})
    assert same.json()["revision"] == 4, "what is so already is kept"
    assert send(api, "patch", "segments/pro/", {"name": "Five"}).json()["revision"] == 5
    for odd in (0, "1", True):
        answer = send(api, "patch", "segments/pro/", {"name": "x", "revision": odd})
        assert answer.json()["errors"][0]["path"] == "revision"


def test_problems_carry_json_paths(api) -> None:
    body = {"slug": "Ä", "name": "", "rule": group("all", PRO, trait("plan", "like", 1))}
    answer = send(api, "post", "segments/", body)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    paths = [(error["path"], error["code"]) for error in answer.json()["errors"]]
    assert paths == [
        ("slug", "invalid"),
        ("name", "required"),
        ("conditions[1].op", "unknown_operator"),
    ]
    for body in ([], {"slug": 5, "name": [], "kind": "odd", "rule": 3}, {}):
        assert send(api, "post", "segments/", body).status_code == 400
    assert send(api, "post", "segments/preview/", {}).status_code == 400
    assert not Segment.objects.exists()


def test_preview(api) -> None:
    ada = make_person(plan="pro", display_name="Ada")
    make_person(plan="free")
    found = send(api, "post", "segments/preview/", {"rule": PRO}).json()
    assert found.pop("took_ms") > 0
    assert found.pop("reachable")["email"] == 0
    assert found == {
        "count": 1,
        "share": 0.5,
        "sentence": "plan is pro",
        "sample": [{"id": str(ada.public_id), "display_name": "Ada"}],
    }
    then = send(api, "post", "segments/preview/", {"rule": PRO, "as_of": "2026-01-01T00:00:00Z"})
    assert then.json()["count"] == 1
    assert send(api, "post", "segments/preview/", {"rule": PRO, "as_of": "soon"}).status_code == 400


def test_reachable_asks_for_permission_and_suppression(api) -> None:
    for name in ("ada", "ben", "cleo"):
        person = known(make_person(plan="pro"), f"{name}@example.com")
        digest = contact_digest("email", f"{name}@example.com")
        Identifier.objects.filter(profile_id=person.pk, kind="email").update(digest=digest)
        if name != "cleo":
            about = {
                "profile": person,
                "contact_point": f"{name}@example.com",
                "channel": "email",
                "purpose": Purpose.objects.get(slug="marketing"),
                "status": "granted",
                "basis": "consent",
                "at": AS_OF,
            }
            entry = ConsentEntry.objects.create(recorded_at=AS_OF, **about)
            ConsentState.objects.create(entry_id=entry.pk, **about)
        if name == "ben":
            Suppression.objects.create(
                kind="email", digest=digest, hint="b", level="all", reason="hard_bounce"
            )
    found = send(api, "post", "segments/preview/", {"rule": PRO}).json()
    assert (found["count"], found["reachable"]["email"]) == (3, 1)


def test_lists(api) -> None:
    ada = known(make_person(), "ada@example.com")
    assert (
        send(
            api, "post", "segments/", {"slug": "list", "name": "List", "kind": "static"}
        ).status_code
        == 201
    )
    body = {"people": ["email:ada@example.com", str(ada.public_id), "email:nobody@example.com"]}
    assert send(api, "post", "segments/list/members/", body).json() == {
        "added": 1,
        "unknown": ["email:nobody@example.com"],
    }
    assert send(api, "delete", "segments/list/members/", body).json() == {
        "removed": 1,
        "unknown": ["email:nobody@example.com"],
    }
    send(api, "post", "segments/", {"slug": "pro", "name": "P", "rule": PRO})
    assert send(api, "post", "segments/pro/members/", body).status_code == 409
    assert send(api, "post", "segments/list/members/", {"people": "x"}).status_code == 400


def test_a_persons_segments_and_why(api) -> None:
    ada = known(make_person(plan="pro"), "ada@example.com")
    rule = group("all", trait("plan", "eq", "pro"), event("X", count={"op": "eq", "value": 0}))
    send(api, "post", "segments/", {"slug": "pro", "name": "Pro", "rule": rule})
    everything()
    person = quote("email:ada@example.com")
    assert api.get(f"/api/profiles/{person}/segments/").json()["results"][0]["slug"] == "pro"
    why = api.get(f"/api/profiles/{ada.public_id}/explain/?segment=pro").json()
    assert why["member"] is True
    assert why["clauses"] == [
        {"path": "conditions[0]", "sentence": "plan is pro", "holds": True, "found": "plan is pro"},
        {"path": "conditions[1]", "sentence": "did not do X", "holds": True, "found": "X never"},
    ]
    assert api.get(f"/api/profiles/{person}/").json()["segments"] == ["pro"]
    assert api.get(f"/api/profiles/{person}/explain/?segment=none").status_code == 400


def test_who_may_not_see_personal_data_may_not_ask_by_it() -> None:
    make_person(display_name="Ada Lovelace", plan="pro", last_seen=timezone.now())
    analyst = client_of("analyst")
    rule = group("all", trait("email", "is_set"))
    answer = send(analyst, "post", "segments/preview/", {"rule": rule})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "personal")
    sample = send(analyst, "post", "segments/preview/", {"rule": PRO}).json()["sample"]
    assert sample[0]["display_name"] == "A. L."
    assert (
        send(
            client_of("integrator"), "post", "segments/", {"slug": "x", "name": "x", "rule": PRO}
        ).status_code
        == 403
    )
    assert Client().get("/api/segments/").status_code == 401
