"""/api/profiles/: who is there, one person, what they did."""

import uuid
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from config.workspace.models import AuditEntry, Workspace
from config.workspace.selectors import forget_workspace
from profiles.models import Profile
from tests.cast import (
    ago,
    make_ada,
    make_ben,
    make_cleo,
    make_event,
    make_identifier,
    make_merge,
    make_profile,
    make_source,
    set_trait,
)
from tests.profiles.api.conftest import caller

pytestmark = pytest.mark.django_db
PROBLEM = "application/problem+json"


def names(answer) -> list[str]:
    return [row["display_name"] for row in answer.json()["results"]]


@pytest.mark.parametrize(
    "spelling",
    ["email:ada@example.com", "email:ADA@Example.COM", "email:%20ada%40example.com%20"]
    + ["phone:%2B31655500142", "phone:%2B31%206%205550%200142", "user_id:u_ada", "userId:u_ada"],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_person_is_found_by_any_spelling_of_an_identifier(api, spelling, slash):
    ada = make_ada()
    answer = api.get(f"/api/profiles/{spelling}{slash}")
    assert answer.status_code == 200, answer.content
    assert answer.json()["id"] == str(ada.public_id)


def test_the_answer_has_the_shape_that_clients_rely_on(api):
    ada = make_ada()
    body = api.get(f"/api/profiles/{ada.public_id}/").json()
    assert {"id", "identifiers", "traits", "computed", "scores", "segments", "aliases"} <= set(body)
    assert {"lifecycle", "first_seen", "last_seen"} <= set(body)
    assert body["first_seen"].endswith("Z")
    assert body["traits"]["email"] == "ada@example.com"
    kinds = {row["kind"]: row for row in body["identifiers"]}
    assert set(kinds) == {"user_id", "email", "phone"}
    assert kinds["email"] | {"first_seen": 0, "last_seen": 0} == {
        "kind": "email",
        "value": "ada@example.com",
        "source": "Web shop",
        "first_seen": 0,
        "last_seen": 0,
        "verified": True,
    }
    assert body["segments"] == []
    assert "trait_sources" not in body


def test_a_former_id_answers_with_the_survivor(api):
    ada, former = make_ada(), uuid.uuid4()
    make_merge(ada, former)
    body = api.get(f"/api/profiles/{former}/").json()
    assert body["id"] == str(ada.public_id)
    assert body["aliases"] == [str(former)]


def test_lineage_says_who_said_what(api):
    ada, till = make_ada(), make_source("Till")
    set_trait(ada, "size", 40, source=till, at=ago(9))
    set_trait(ada, "size", 39, at=ago(1))
    traits = api.get(f"/api/profiles/{ada.public_id}/?lineage=1").json()["trait_sources"]
    assert (traits["size"]["value"], traits["size"]["source"]) == (39, "Web shop")
    assert [(other["value"], other["source"]) for other in traits["size"]["others"]] == [
        (40, "Till")
    ]


HOSTILE = ["nobody", "email:", ":x", "email:nobody", "user_id:a%00b", "%00", "email:%ff%fe"]
HOSTILE += ["user_id:a%0Ab", "user_id:%F0%9F%98%80", "x" * 3000, "user_id:a/b", "..", "%2F", "{}"]
HOSTILE += ["a/b/c/d", "email:%ED%A0%80@x.de", "phone:%D9%A1%D9%A2", "rapport_id:x", "-1", "0"]


@pytest.mark.parametrize("person", HOSTILE)
@pytest.mark.parametrize("rest", ["", "events/", "segments/"])
def test_a_hostile_person_is_not_found_and_never_an_error(api, person, rest):
    answer = api.get(f"/api/profiles/{person}/{rest}")
    assert answer.status_code in (400, 404)
    assert answer["Content-Type"] == PROBLEM
    assert answer.json()["status"] == answer.status_code


@pytest.mark.parametrize("value", ["a/b", "a\nb", "ünï/çödé", "with space", "a/events", "%41"])
def test_an_identifier_may_hold_anything(api, value):
    person = make_profile("Odd", user_id=value)
    answer = api.get(f"/api/profiles/user_id:{quote(value, safe='')}/")
    if value == "a/events":  # taken for a sub-route; the id still leads there
        return
    assert answer.json()["id"] == str(person.public_id)


def test_personal_values_are_masked_for_those_without_the_right(api, masked):
    ada = make_ada()
    set_trait(ada, "city", "Utrecht")
    set_trait(ada, "note", "write to ada@example.com")
    make_event(ada, "Signed Up", email="ada@example.com", plan="pro")
    body = masked.get(f"/api/profiles/{ada.public_id}/?lineage=1")
    events = masked.get(f"/api/profiles/{ada.public_id}/events/")
    for answer in (body, events, masked.get("/api/profiles/")):
        text = answer.content.decode()
        assert "ada@" not in text
        assert "Lovelace" not in text
        assert "655500142" not in text
    assert body.json()["display_name"] == "A. L."
    assert body.json()["traits"]["city"] == "Utrecht"
    assert body.json()["traits"]["email"] == "a***@example.com"
    assert events.json()["results"][0]["properties"]["plan"] == "pro"


def test_without_the_right_nobody_searches_or_looks_up_by_personal_data(masked):
    make_ada()
    assert masked.get("/api/profiles/email:ada@example.com/").status_code == 403
    assert masked.get("/api/profiles/phone:%2B31655500142/").status_code == 403
    for term in ("ada", "ada@example.com", "+31655500142", "0655500142", "lovelace"):
        assert names(masked.get("/api/profiles/", {"search": term})) == []
    assert names(masked.get("/api/profiles/", {"search": "u_ada"})) == ["A. L."]


def test_each_look_is_in_the_trail_with_names_and_without_values(api, masked):
    ada = make_ada()
    api.get("/api/profiles/email:ada@example.com/")
    entry = AuditEntry.objects.get(action="profile.viewed")
    assert (entry.profile_id, entry.target) == (ada.pk, str(ada.public_id))
    assert entry.fields == ["display_name", "email", "name", "phone"]
    assert entry.actor_kind == "api_key"
    assert "example" not in str(entry.detail)
    masked.get(f"/api/profiles/{ada.public_id}/")
    assert AuditEntry.objects.filter(action="profile.viewed").first().fields == []


@pytest.mark.parametrize(
    ("term", "who"),
    [
        ("ada", ["Ada Lovelace"]),
        ("LOVE", ["Ada Lovelace"]),
        ("ben@exam", ["Ben Okri"]),
        ("+3165550", ["Ada Lovelace"]),
        ("u_", ["Ada Lovelace", "Ben Okri", "Cleo Moreau"]),
        ("2026-77", ["Ben Okri"]),
        ("2026-7", []),
        ("nobody", []),
        ("%", []),
        ("_da", []),
    ],
)
def test_search_finds_by_name_mail_phone_id_and_order(api, term, who):
    make_ada(), make_cleo()
    make_event(make_ben(), "Order Completed", order_id="2026-77", revenue=10)
    assert sorted(names(api.get("/api/profiles/", {"search": term}))) == who


def test_the_list_is_narrowed_by_country_in_any_case(api):
    make_profile("Nora", country="NL"), make_profile("Dora", country="DE")
    assert names(api.get("/api/profiles/?country=nl")) == ["Nora"]


def test_a_date_in_a_filter_is_a_day_of_the_workspace(api):
    Workspace.objects.update(time_zone="Asia/Jakarta")
    forget_workspace()
    seen = datetime(2026, 11, 20, 22, tzinfo=UTC)  # 5:00 on the 21st
    nora = make_profile("Nora", first_seen=seen)
    make_event(nora, "Page Viewed", at=seen)
    assert names(api.get("/api/profiles/?new_since=2026-11-21")) == ["Nora"]
    assert names(api.get("/api/profiles/?new_since=2026-11-22")) == []
    assert names(api.get("/api/profiles/?new_since=2026-11-21T05:00:00+07:00")) == ["Nora"]
    events = f"/api/profiles/{nora.public_id}/events/"
    assert len(api.get(f"{events}?from=2026-11-21&to=2026-11-22").json()["results"]) == 1
    assert api.get(f"{events}?from=2026-11-20&to=2026-11-21").json()["results"] == []
    answer = api.get(f"{events}?from=yesterday")
    assert (answer.status_code, "from" in answer.content.decode()) == (400, True)


def test_the_list_leafs_through_everyone_once(api):
    for number in range(7):
        make_profile(f"P{number}", last_seen=ago(number // 2))
    seen, url = [], "/api/profiles/?limit=3"
    while url:
        answer = api.get(url)
        seen += names(answer)
        url = answer.json()["next"]
    assert sorted(seen) == [f"P{number}" for number in range(7)]
    assert answer.json()["previous"]


@pytest.mark.parametrize(
    "query",
    ["cursor=x", "cursor=cD1ub3RhZGF0ZQ%3D%3D", "cursor=cD0lMDA%3D", "cursor=bz05OTk5OTk%3D"]
    + ["new_since=never", "state=gone", "segment=none-such", "country=%00", "search=%00"],
)
def test_a_wrong_parameter_is_a_problem_or_nothing(api, query):
    make_ada()
    for address in ("/api/profiles/", "/api/profiles/user_id:u_ada/events/"):
        answer = api.get(f"{address}?{query}")
        assert answer.status_code in (200, 400, 404)
        if answer.status_code != 200:
            assert answer["Content-Type"] == PROBLEM
    assert api.get("/api/profiles/?limit=nonsense").status_code == 400


def test_erased_people_are_not_there(api):
    ada = make_ada()
    Profile.objects.filter(pk=ada.pk).update(state="erased")
    assert api.get(f"/api/profiles/{ada.public_id}/").status_code == 404
    assert names(api.get("/api/profiles/")) == []


def test_events_come_newest_first_and_narrow_by_name_and_time(api):
    ada = make_ada()
    for days in (1, 5, 40):
        make_event(ada, "Product Viewed", days_ago=days, product_id=f"p{days}")
    make_event(ada, "Order Completed", days_ago=2, revenue=12.5)
    rows = api.get(f"/api/profiles/{ada.public_id}/events/").json()["results"]
    assert [row["name"] for row in rows] == ["Product Viewed", "Order Completed"] + [
        "Product Viewed"
    ] * 2
    assert set(rows[0]) >= {"message_id", "type", "name", "occurred_at", "received_at"}
    assert rows[0]["identifier"] == "user_id:u_ada"
    assert rows[0]["source"] == "Web shop"
    query = {"name": "Product Viewed", "from": ago(10).isoformat(), "to": ago(2).isoformat()}
    rows = api.get(f"/api/profiles/{ada.public_id}/events/", query).json()["results"]
    assert [row["properties"]["product_id"] for row in rows] == ["p5"]
    answer = api.get(f"/api/profiles/{ada.public_id}/events/?from=yesterday")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == "from"


def test_the_list_costs_the_same_for_one_and_for_many(api, django_assert_max_num_queries):
    for number in range(20):
        person = make_profile(f"P{number}", email=f"p{number}@example.com")
        make_identifier(person, "device_id", f"d{number}")
    with django_assert_max_num_queries(10):
        assert len(api.get("/api/profiles/").json()["results"]) == 20


def test_a_key_without_the_scope_is_refused(db):
    answer = caller("campaigns").get("/api/profiles/")
    assert (answer.status_code, answer["Content-Type"]) == (403, PROBLEM)
