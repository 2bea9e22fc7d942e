"""What every call has in common: keys, scopes, errors, lists."""

import re
import uuid
from datetime import UTC, datetime

import pytest
from drf_spectacular.generators import SchemaGenerator

from config.paths import BASE_DIR
from config.workspace.access.keys import UnknownScope, create_api_key, revoke_api_key
from config.workspace.models import ApiKey
from consent.models import Purpose
from profiles.models import Profile
from segments.models import Membership, Segment
from tests.api.world import RULE, client, make_world, new_key

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PROBLEM = "application/problem+json"
SPEC = SchemaGenerator().get_schema(request=None, public=True)
NAMES = {"slug": "draft", "person": "email:ada@example.com", "merge_id": "1", "number": "1"}
NAMES["reference"] = "00000000-0000-4000-8000-000000000000"
NAMES["letter"] = "completed"
NAMES |= {"name": "spent", "id": NAMES["reference"]}
NAMES |= {"role": "analyst", "member_id": "1", "link_id": "1", "key_id": "1"}
NAMES |= {"webhook_id": "1", "delivery": NAMES["reference"]}
OPERATIONS = [
    (method.upper(), path.format(**NAMES))
    for path, methods in SPEC["paths"].items()
    for method in methods
    if path.startswith("/api/")
]
LISTS = [path for method, path in OPERATIONS if method == "GET" and path.endswith("s/")]
OF_ONE = ("draft", NAMES["reference"], "webhooks/1")
LISTS = [path for path in LISTS if not any(name in path for name in OF_ONE)] + [
    "/api/segments/everyone/members/"
]


@pytest.fixture
def api():
    return client(make_world().key)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_without_a_key_nothing_is_answered_and_without_the_scope_neither(method, path):
    answer = client().generic(method, path, b"{", "application/json")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    for key in ("wrong", "", "\xff", "a b"):
        assert client(key or " ").generic(method, path).status_code == 401
    answer = client(new_key("audit.view")).generic(method, path, b"{", "application/json")
    assert answer.status_code == 403
    assert answer["Content-Type"] == PROBLEM
    assert answer.json()["status"] == 403


def test_a_revoked_key_is_no_key():
    key = new_key("all")
    revoke_api_key(key=ApiKey.objects.get())
    assert client(key).get("/api/segments/").status_code == 401


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("segments", {"/api/segments/": 200, "/api/campaigns/": 403}),
        ("segments.view", {"/api/segments/": 200, "/api/profiles/": 403}),
        ("people.view", {"/api/profiles/": 200, "/api/segments/": 403}),
        ("messages.send", {"/api/messages/": 403}),
    ],
)
def test_a_scope_is_a_permission_or_its_group(scope, allowed):
    one = client(new_key(scope))
    assert {path: one.get(path).status_code for path in allowed} == allowed
    assert one.post("/api/segments/", {}, format="json").status_code == (
        400 if scope == "segments" else 403
    )


@pytest.mark.parametrize("scope", ["everything", "segments.fly", ""])
def test_an_unknown_scope_makes_no_key(scope):
    with pytest.raises(UnknownScope):
        create_api_key(name="x", scopes=[scope])


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_one_shape_in_both_spellings(api, path):
    for spelling in (path, path.rstrip("/")):
        body = api.get(spelling).json()
        assert set(body) == {"results", "next", "previous"}, body
        assert isinstance(body["results"], list)
    assert api.get(path, {"limit": 500}).status_code == 200
    assert "\\u0000" not in api.get(path, {"limit": 9999}).content.decode()


def test_a_limit_that_is_none_is_refused(api):
    for limit in ("0", "-1", "x", "1.5", "٣", "1e3"):
        answer = api.get("/api/profiles/", {"limit": limit})
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "limit")
    assert len(api.get("/api/profiles/", {"limit": "1"}).json()["results"]) == 1


def test_people_who_came_in_together_are_leafed_through_once_and_back(api):
    now, segment = datetime(2026, 11, 22, tzinfo=UTC), Segment.objects.get(slug="everyone")
    people = [Profile(public_id=uuid.uuid4(), first_seen=now, last_seen=now) for _ in range(2300)]
    for number, person in enumerate(people):
        person.bucket = number
    rows = Profile.objects.bulk_create(people)
    Membership.objects.bulk_create(
        Membership(segment=segment, profile=row, entered_at=now) for row in rows
    )
    for path, extra in (("/api/segments/everyone/members/", 3), ("/api/profiles/", 3)):
        seen, pages, url = [], [], f"{path}?limit=500"
        while url:
            body = api.get(url).json()
            page = [row.get("profile") or row["id"] for row in body["results"]]
            pages.append(page)
            seen += page
            url, back = body["next"], body["previous"]
        assert len(seen) == len(set(seen)) == 2300 + extra
        back_page = api.get(back).json()
        assert [row.get("profile") or row["id"] for row in back_page["results"]] == pages[-2]


@pytest.mark.parametrize(
    "cursor", ["x", "e30", "W10", "WzAsMV0x", "WzAsIngiXQ", "WzAsMWU5OTld", "%00", "é", "A" * 5000]
)
def test_a_cursor_of_others_is_refused(api, cursor):
    for path in ("/api/profiles/", "/api/campaigns/", "/api/segments/everyone/members/"):
        answer = api.get(f"{path}?cursor={cursor}")
        assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)


def test_errors_are_problems_whatever_goes_wrong(api):
    answers = {
        404: api.get("/api/nothing/"),
        405: api.put("/api/segments/", {}, format="json"),
        406: api.get("/api/segments/", headers={"Accept": "text/csv"}),
        415: api.post("/api/segments/", b"a=1", content_type="application/x-www-form-urlencoded"),
        400: api.post("/api/segments/", b"{", content_type="application/json"),
    }
    many = "&".join(f"a{n}=1" for n in range(2000))
    for refused in (
        api.get("/api/segments/", headers={"Host": "a b"}),
        api.get(f"/api/segments/?{many}"),
    ):
        assert (refused.status_code, refused["Content-Type"]) == (400, PROBLEM)
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer["Content-Type"] == PROBLEM
        assert answer.json()["status"] == status
        assert {"type", "title", "detail"} <= set(answer.json())


def test_a_body_beyond_the_limit_is_not_read(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20
    answer = api.post("/api/segments/preview/", b" " * (2**20 + 1), content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (413, PROBLEM)


@pytest.mark.parametrize("path", [*LISTS, "/api/campaigns/draft/report/"])
def test_a_nul_in_a_query_is_answered(api, path):
    for name in ("kind", "search", "campaign", "source", "segment", "person", "as_of", "a%00b"):
        assert api.get(f"{path}?{name}=%00").status_code == 400


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("/api/segments/", {"slug": "A b", "name": "x", "rule": {}}, "slug"),
        ("/api/segments/", {"slug": "a", "name": "x", "kind": "odd"}, "kind"),
        ("/api/segments/preview/", {"rule": {"match": "all"}}, "conditions"),
        ("/api/segments/preview/", {"rule": 5}, ""),
        ("/api/consents/", {"person": 5}, "purpose"),
        ("/api/senders/", {"name": "x", "address": "no"}, "address"),
        ("/api/sources/", {"name": "x", "kind": "odd"}, "kind"),
        ("/api/suppressions/", {"kind": "email", "value": "no", "reason": "invalid"}, "value"),
        ("/api/campaigns/draft/launch/", {"hold": -1}, "hold"),
        ("/api/content/mjml/", {"mjml": 5}, "mjml"),
    ],
)
def test_a_wrong_field_is_named(api, path, body, where):
    answer = api.post(path, body, format="json")
    assert answer.status_code == 400
    assert where in {error["path"] for error in answer.json()["errors"]}
    assert all({"path", "code", "message"} <= set(error) for error in answer.json()["errors"])


@pytest.mark.parametrize(
    "person", ["user_id:null", "user_id:" + "ü" * 501, "email:no", "x", ":", "rapport_id:x", "a:"]
)
def test_permission_is_not_given_to_what_names_nobody(api, person):
    body = {"person": person, "purpose": "marketing", "channel": "email", "status": "granted"}
    answer = api.post("/api/consents/", body, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "person")


def test_an_offset_that_nobody_encoded_is_an_offset(api):
    events = "/api/profiles/user_id:u_ada/events/"
    assert len(api.get(f"{events}?from=2020-01-01T00:00:00+02:00").json()["results"]) == 2
    assert api.get(f"{events}?to=2020-01-01T00:00:00+02:00").json()["results"] == []
    assert api.get(f"{events}?to=2020-01-01T00:00:00-99:00").status_code == 400


@pytest.mark.parametrize("wrong", [5, None, [], ["a"], {}, True, "", " ", "A"])
@pytest.mark.parametrize("name", ["slug", "kind"])
def test_a_segment_of_an_odd_slug_or_kind_is_refused(api, name, wrong):
    body = {"slug": "new", "name": "New", "kind": "dynamic", "rule": RULE, name: wrong}
    answer = api.post("/api/segments/", body, format="json")
    assert answer.status_code == 400
    assert name in {error["path"] for error in answer.json()["errors"]}


def test_changing_a_segment_checks_the_kind_of_each_field(api):
    for body in (
        {"description": 5},
        {"description": None},
        {"name": 5},
        {"rule": 5},
        {"slug": "x"},
    ):
        assert api.patch("/api/segments/named/", body, format="json").status_code == 400
    body = api.patch("/api/segments/named/", {"description": "Known"}, format="json").json()
    assert body["description"] == "Known"


def test_docs_name_every_address_of_the_schema():
    """The part after /api/ of each; of privacy, each word of it."""
    docs = "".join(page.read_text() for page in (BASE_DIR / "docs" / "integrators").glob("*.md"))
    theirs = ("privacy-requests", "policies", "retention-rules", "incidents", "data-map")
    lacking = set()
    for path in SPEC["paths"]:
        first, *more = [one for one in path.split("/")[2:] if one and "{" not in one] or [""]
        named = [first, *(more if first in theirs else ())] if path.startswith("/api/") else []
        lacking |= {(path, one) for one in named if not re.search(rf"[/`]{one}[/`]", docs)}
    assert lacking == set()


def test_a_parameter_that_nobody_reads_is_refused_by_its_name(api):
    for method, path in OPERATIONS:
        answer = api.generic(method, f"{path}?emial=jane@example.com&limti=5", b"", "")
        assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM), (method, path)
        named = {error["path"]: error["code"] for error in answer.json()["errors"]}
        assert named == {"emial": "unknown_parameter", "limti": "unknown_parameter"}, path
    detail = api.get("/api/profiles/?email=jane@example.com").json()["detail"]
    assert detail.startswith("email: ")
    assert "search" in detail and "segment" in detail
    assert api.put("/api/segments/?emial=1", {}, format="json").status_code == 405
    assert api.head("/api/profiles/?emial=1").status_code == 400


@pytest.mark.parametrize(("path", "key"), [("/api/purposes/", "slug"), ("/api/roles/", "key")])
def test_a_list_that_is_made_as_a_whole_has_pages_too(api, path, key):
    whole = [row[key] for row in api.get(path).json()["results"]]
    assert len(whole) > 3
    seen, url, back = [], f"{path}?limit=2", None
    while url:
        body = api.get(url).json()
        assert (body["previous"] is None) == (not seen)
        seen += [row[key] for row in body["results"]]
        url, back = body["next"], body["previous"]
    assert seen == whole
    assert [row[key] for row in api.get(back).json()["results"]] == _before_the_last(whole)
    for cursor in ("x", "W10", "WzAsMV0", "WzAsLTEsInAiXQ", "WzUsMSwicCJd", "A" * 5000):
        answer = api.get(path, {"cursor": cursor})
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "cursor")


def _before_the_last(rows: list[str]) -> list[str]:
    """The page of two before the last one."""
    last = len(rows) % 2 or 2
    return rows[-last - 2 : -last]


def test_a_list_that_changes_meanwhile_goes_on_behind_the_row_that_was_seen(api):
    first = api.get("/api/purposes/?limit=2").json()
    last, following = first["results"][-1]["slug"], api.get(first["next"]).json()["results"][0]
    Purpose.objects.create(slug="before-all", name="Before all", position=-1)
    assert api.get(first["next"]).json()["results"][0] == following
    Purpose.objects.filter(slug=last).update(position=99)
    assert api.get(first["next"]).json()["results"] == []
