"""Rules and people who may not see personal data: what they may ask, and what they are shown."""

import json

import pytest
from django.test import Client
from django.utils import timezone

from config.workspace.models import User
from profiles.language.reading.reader import RuleError
from profiles.models import FieldTag
from profiles.personal.names import FieldPlace
from profiles.personal.tags import forget_tags
from profiles.selectors.masking import HARMLESS_ALONE
from segments import services
from segments.members.due import work
from segments.rules import KINDS, parse_rule
from segments.rules.compiler import CompileContext, compile_rule, working
from tests.segments.builders import event, group, make_event, make_person, trait
from tests.segments.test_api import known

pytestmark = pytest.mark.django_db
SECRET = "zqxsecret"
WHERE = [{"property": "note", "op": "eq", "value": SECRET}]
# every way in which a rule reads a name that is not known to be harmless
ORACLES = [
    trait("nickname_of_cat", "starts_with", SECRET),
    trait("comment", "is_set"),
    trait("email", "eq", f"{SECRET}@example.com"),
    trait("profile.display_name", "contains", SECRET),
    event("Order Completed", where=WHERE),
    event(
        "Order Completed",
        measure={"agg": "max", "property": "salary", "op": "gt", "value": 100},
    ),
    event(
        "Order Completed",
        measure={"agg": "count_distinct", "property": "recipient", "op": "gte", "value": 1},
    ),
    event("Order Completed", not_since={"name": "Page Viewed", "where": WHERE}),
    event("Order Completed", where=[{"property": "name", "op": "eq", "value": SECRET}]),
    {
        "kind": "sequence",
        "steps": [
            {"name": "Product Viewed"},
            {
                "name": "Order Completed",
                "where": [{"property": "name", "op": "eq", "value": SECRET}],
            },
        ],
    },
]
HARMLESS = [
    trait("plan", "eq", "pro"),
    trait("profile.country", "eq", "NL"),
    trait("profile.last_seen", "in_last", {"days": 30}),
    event("Order Completed", where=[{"property": "products.name", "op": "eq", "value": "Boots"}]),
    event(
        "Order Completed",
        measure={"agg": "sum", "property": "revenue", "op": "gt", "value": 100},
    ),
    {
        "kind": "sequence",
        "steps": [{"name": "Product Viewed"}, {"name": "Order Completed"}],
        "same": "product_id",
    },
    {"kind": "lifecycle", "op": "eq", "value": "lead"},
]


def client_of(role: str) -> Client:
    client = Client()
    client.force_login(User.objects.create_user(role, password="x", role=role))
    return client


def post(client: Client, path: str, body: object):
    return client.post(path, json.dumps(body), content_type="application/json")


OTHERS = [
    {"kind": "segment", "slug": "other"},
    {"kind": "consent", "purpose": "marketing", "channel": "email", "status": "granted"},
    {"kind": "message", "status": "opened"},
    {"kind": "rfm", "group": "champions"},
]


def test_each_kind_of_condition_is_among_those_that_are_tried():
    assert {one["kind"] for one in (*ORACLES, *HARMLESS, *OTHERS)} == set(KINDS)


@pytest.mark.parametrize("condition", [*ORACLES, *HARMLESS, *OTHERS])
def test_the_compiler_reads_no_name_that_the_condition_does_not_report(condition):
    services.create_segment(slug="other", name="O", rule=group("all", trait("plan", "eq", "x")))
    rule = parse_rule(group("all", condition))
    context = CompileContext(as_of=timezone.now())
    with working(context):
        compile_rule(rule, context)
    inner = {(FieldPlace.TRAIT, "plan")}  # of the other segment, which is not counted yet
    assert context.names_read - inner == rule.reads() - inner
    assert bool(rule.reads()) is (condition not in OTHERS)


@pytest.mark.parametrize("condition", ORACLES)
def test_a_masked_role_asks_by_no_name_that_is_not_known_to_be_harmless(condition):
    make_person(comment=SECRET)
    analyst = client_of("analyst")
    rule = group("any", trait("plan", "eq", "pro"), condition)
    person = make_person(plan="pro").public_id
    answers = [
        post(analyst, "/api/segments/preview/", {"rule": rule}),
        post(analyst, "/api/segments/", {"slug": "s", "name": "S", "rule": rule}),
        post(analyst, "/console/segments/-/save/", {"name": "S", "rule": rule}),
    ]
    for answer in answers:
        assert answer.status_code == 400, answer.content
        (error,) = answer.json()["errors"]
        assert error["code"] == "personal"
        words = ("Settings, Personal data", "These roles can: Marketer, Admin")
        assert any(word in error["message"] for word in words)
        assert SECRET not in error["message"]
    form = {"rule": json.dumps(rule)}
    for path in ("effect/", "reach/", "overlap/", f"why/{person}/"):
        answer = analyst.post(f"/console/segments/-/{path}", form)
        assert b"r-door" not in answer.content
        assert SECRET not in answer.content.decode()
    counted = analyst.post("/console/segments/-/clauses/", form)
    assert counted.json() == {"clauses": [], "total": 0}


@pytest.mark.parametrize("condition", HARMLESS)
def test_an_analyst_asks_by_what_is_harmless(condition):
    analyst = client_of("analyst")
    answer = post(analyst, "/api/segments/preview/", {"rule": group("all", condition)})
    assert answer.status_code == 200, answer.content


def test_an_admin_opens_a_name_and_closes_it_again():
    rule = group("all", trait("comment", "is_set"))
    services_rule = {"rule": rule}
    analyst = client_of("analyst")
    assert post(analyst, "/api/segments/preview/", services_rule).status_code == 400
    tag = FieldTag.objects.create(place="trait", name="Comment", is_personal=False)
    forget_tags()
    assert post(analyst, "/api/segments/preview/", services_rule).status_code == 200
    tag.is_personal = True
    tag.save()
    forget_tags()
    with pytest.raises(RuleError):
        services.read_rule(rule, shown=HARMLESS_ALONE)


def test_anothers_segment_is_used_as_a_whole_and_its_operands_are_not_shown():
    person = make_person(plan="pro", comment=SECRET, display_name="Ada", last_seen=timezone.now())
    known(person, "ada@example.com")
    make_event(person, "Order Completed", note=SECRET, revenue=5)
    rule = group(
        "all",
        trait("plan", "eq", "pro"),
        trait("comment", "in", [SECRET, "b"]),
        event("Order Completed", where=WHERE),
        trait("plan", "ne", f"{SECRET}@example.com"),
    )
    services.create_segment(slug="deep", name="Deep", rule=rule)
    while work():
        pass
    analyst = client_of("analyst")
    used = group("all", {"kind": "segment", "slug": "deep"})
    assert post(analyst, "/api/segments/preview/", {"rule": used}).json()["count"] == 1
    shown = analyst.get("/api/segments/deep/").json()
    assert shown["count"] == 1
    assert shown["rule"]["conditions"][0]["value"] == "pro"
    assert shown["rule"]["conditions"][1]["value"] == "•••"
    explained = analyst.get(f"/api/profiles/{person.public_id}/explain/?segment=deep").json()
    assert (explained["member"], explained["hidden"]) == (True, 2)
    assert [clause["path"] for clause in explained["clauses"]] == ["conditions[0]", "conditions[3]"]
    page = analyst.get("/console/segments/deep/").content.decode()
    assert "your role does not see personal data" in page
    form = {"rule": json.dumps(shown["rule"]), "slug": "deep"}
    whole = analyst.post("/console/segments/-/effect/", form).content.decode()
    why = analyst.get(f"/console/segments/deep/why/{person.public_id}/").content.decode()
    listed = analyst.get("/api/segments/").content.decode()
    clauses = analyst.post("/console/segments/-/clauses/", form).content.decode()
    for text in (str(shown), str(explained), page, whole, why, listed, clauses):
        assert SECRET not in text
    assert person.public_id.hex[:8] in whole.replace("-", "")
    admin = client_of("admin")
    assert SECRET in admin.get("/console/segments/deep/").content.decode()
    assert admin.get("/api/segments/deep/").json()["rule"] == rule


def test_pickers_list_what_a_masked_role_may_ask_by():
    person = make_person(plan="pro", comment=SECRET, coupon="call 0812 3456 7890", tier="gold")
    make_person(tier=f"{SECRET}@example.com", **{f"{SECRET}@example.com": 1, "plan": "pro"})
    make_event(person, "Order Completed", note=SECRET, revenue=5, category="shoes")
    analyst, marketer = client_of("analyst"), client_of("marketer")

    def lines(client: Client, **query: str) -> list[str]:
        return [
            item["value"] for item in client.get("/console/segments/-/pick/", query).json()["items"]
        ]

    assert {"plan", "tier"} <= set(lines(analyst, what="traits"))
    for what in ({"what": "traits"}, {"what": "all"}):
        assert "comment" not in lines(analyst, **what)
        assert "comment" in lines(marketer, **what)
    assert set(lines(analyst, what="properties", event="Order Completed")) == {
        "revenue",
        "category",
    }
    for field in ("comment", "coupon", "tier"):
        assert SECRET not in str(lines(analyst, what="values", field=field))
        assert "3456" not in str(lines(analyst, what="values", field=field))
    values = {"what": "property-values", "event": "Order Completed", "property": "note"}
    assert (lines(analyst, **values), lines(marketer, **values)) == ([], [SECRET])
