"""The console's pages of segments: who may, what they show, how many queries."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from config.workspace.models import User
from profiles.models import EventDefinition, FieldTag, TraitName
from segments import services
from segments.members.due import work
from segments.models import Segment
from tests.cast import make_profile
from tests.segments.builders import group, make_event, make_person, trait

pytestmark = pytest.mark.django_db
PRO = group("all", trait("plan", "eq", "pro"))
HOSTILE = "</script><script>alert(1)</script>"


def client_of(role: str) -> Client:
    client = Client()
    client.force_login(User.objects.create_user(role, password="x", role=role))
    return client


@pytest.fixture
def console() -> Client:
    return client_of("marketer")


def test_pages_open_and_hold_hostile_names(console) -> None:
    make_person(plan="pro", display_name=HOSTILE)
    services.create_segment(slug="pro", name=HOSTILE, rule=PRO)
    services.create_segment(slug="list", name=HOSTILE, kind="static")
    while work():
        pass
    paths = [
        reverse("segments:list"),
        reverse("segments:new"),
        reverse("segments:new") + "?kind=static",
        reverse("segments:detail", args=["pro"]),
        reverse("segments:detail", args=["list"]),
        reverse("segments:reachable", args=["pro"]),
    ]
    for path in paths:
        answer = console.get(path)
        assert answer.status_code == 200, path
        assert b"<script>alert" not in answer.content
    assert Client().get(paths[0]).status_code == 302


def test_a_rule_without_a_clause_is_a_sentence_of_its_own(console) -> None:
    new = console.get(reverse("segments:new")).content.decode()
    assert '<span id="sentence-who" hidden>People who </span><b id="sentence"' in new
    assert ">Everybody</b>" in new
    given = {"rule": json.dumps({"match": "any", "conditions": []})}
    live = console.post(reverse("segments:effect"), given).content.decode()
    assert '"kept": "Nobody", "alone": true' in live
    given = {"rule": json.dumps(PRO)}
    assert '"alone": false' in console.post(reverse("segments:effect"), given).content.decode()


def test_the_list_asks_few_questions(console, django_assert_max_num_queries) -> None:
    for n in range(12):
        services.create_segment(slug=f"s{n}", name=f"S{n}", rule=PRO)
    with django_assert_max_num_queries(16):  # the shell's own included
        console.get(reverse("segments:list"))


def test_the_live_parts(console) -> None:
    ada = make_person(plan="pro", display_name="Ada")
    make_person(plan="free")
    services.create_segment(slug="pro", name="Pro", rule=PRO)
    while work():
        pass
    wider = group("any", trait("plan", "eq", "free"))
    given = {"rule": json.dumps(wider), "slug": "pro"}
    page = console.post(reverse("segments:effect"), given).content.decode()
    assert '"adds": 1, "drops": 1' in page
    counts = console.post(reverse("segments:clauses"), given).json()
    assert counts == {
        "total": 2,
        "clauses": [
            {
                "path": "conditions[0]",
                "remain": 1,
                "leave": 1,
                "alone": True,
                "unknown": 0,
                "note": "",
                "unfit": None,
            }
        ],
    }
    assert console.post(reverse("segments:reach"), given).status_code == 200
    assert b"Pro" in console.post(reverse("segments:overlap"), {"rule": json.dumps(PRO)}).content
    why = console.post(reverse("segments:why", args=[ada.public_id]), given)
    assert b"plan is pro" in why.content
    wrong = console.post(
        reverse("segments:effect"), {"rule": '{"match": "all", "conditions": [{"kind": "x"}]}'}
    )
    assert b"conditions[0].kind" in wrong.content
    assert console.post(reverse("segments:effect"), {"rule": "{"}).status_code == 200


def test_clause_counts_follow_the_rule(console) -> None:
    for plan, age in (("pro", 20), ("pro", 40), ("free", 40), (None, 50)):
        make_person(**({"plan": plan} if plan else {}), age=age)
    rule = group(
        "all",
        trait("plan", "in", ["pro", "free"]),
        trait("age", "gt", 30),
        group("none", trait("plan", "eq", "free")),
    )
    found = console.post(reverse("segments:clauses"), {"rule": json.dumps(rule)}).json()["clauses"]
    lines = [(line["path"], line["remain"], line["leave"], line["unknown"]) for line in found]
    assert lines == [
        ("conditions[0]", 3, 1, 1),
        ("conditions[1]", 2, 1, 0),
        ("conditions[2]", 1, 1, None),
        ("conditions[2].conditions[0]", 1, 1, 0),
    ]


def test_pickers_know_real_names_and_how_common_they_are(console) -> None:
    EventDefinition.objects.get_or_create(name="Order Completed")
    for category in ("Boots", "Boots", "boots"):
        make_event(make_person(plan="pro", email="a@b.de"), "Order Completed", 1, category=category)

    def ask(client, **query):
        return client.get(reverse("segments:pick"), query).json()["items"]

    assert "Order Completed" in [item["label"] for item in ask(console, what="events")]
    assert ask(console, what="properties", event="Order Completed")[0]["value"] == "category"
    values = ask(console, what="property-values", event="Order Completed", property="category")
    assert [(item["value"], item["count"], item["note"]) for item in values] == [
        ("Boots", "67 %", ""),
        ("boots", "33 %", "same word, other case"),
    ]
    assert ask(console, what="values", field="plan")[0]["value"] == "pro"
    analyst = client_of("analyst")
    assert "email" not in [item["value"] for item in ask(analyst, what="traits")]
    assert ask(analyst, what="values", field="email") == []
    assert analyst.get(reverse("segments:pick"), {"what": "odd"}).status_code == 404


def test_saving_answers_with_the_problems(console) -> None:
    def save(body, path):
        return console.post(path, json.dumps(body), content_type="application/json")

    answer = save({"name": "", "rule": group("all", {"kind": "x"})}, reverse("segments:create"))
    assert [error["path"] for error in answer.json()["errors"]] == ["name", "conditions[0].kind"]
    assert save([], reverse("segments:create")).status_code == 400
    made = save({"name": "Ä pro", "rule": PRO}, reverse("segments:create"))
    assert made.json()["url"].endswith("/segments/a-pro/")
    analyst = client_of("service_rep")
    denied = analyst.post(reverse("segments:create"), "{}", content_type="application/json")
    assert denied.status_code == 403


def test_an_old_page_saves_over_nothing_and_is_told_what_is_stored(console) -> None:
    def save(name, rule, revision):
        body = {"name": name, "rule": rule, "revision": revision}
        path = reverse("segments:save", args=["pros"])
        return console.post(path, json.dumps(body), content_type="application/json")

    services.create_segment(slug="pros", name="Pros", rule=PRO)
    page = console.get(reverse("segments:detail", args=["pros"])).content.decode()
    assert '"revision": 1' in page
    free = group("all", trait("plan", "eq", "free"))
    assert save("Free", free, 1).status_code == 200
    late = save("Pros by train", PRO, 1)
    assert late.status_code == 409
    stale = late.json()["stale"]
    assert (stale["name"], stale["kept"], stale["revision"]) == ("Free", "plan is free", 2)
    assert "You changed it at" in stale["said"]
    assert Segment.objects.get().name == "Free"
    assert save("Pros by train", PRO, 2).status_code == 200
    assert Segment.objects.get().name == "Pros by train"


def test_people_are_pasted_into_a_list(console) -> None:
    services.create_segment(slug="list", name="L", kind="static")
    answer = console.post(
        reverse("segments:members", args=["list"]),
        {"people": "nobody@example.com\nx", "act": "add"},
    )
    assert b"nobody@example.com" in answer.content


def test_an_empty_value_has_a_word_in_pickers_and_reasons(console) -> None:
    people = [make_person(plan=plan) for plan in ("", "  ", "pro")]
    answer = console.get("/console/segments/-/pick/?what=values&field=plan").json()
    labels = {item["value"]: item["label"] for item in answer["items"]}
    assert labels == {"": "empty", "  ": "“  ”", "pro": "pro"}
    for person, value, word in zip(people, ("", "  "), ("empty", "“  ”"), strict=False):
        rule = json.dumps(group("all", trait("plan", "eq", value)))
        why = console.post(f"/console/segments/-/why/{person.public_id}/", {"rule": rule})
        assert f"<b>plan is {word}</b>" in why.content.decode()


def _picked(client: Client, what: str, **query: str) -> dict[str, object]:
    answer = client.get(reverse("segments:pick"), {"what": what, **query}).json()
    return {"values": [item["value"] for item in answer["items"]], "of": answer["of"]}


def test_a_tag_hides_a_name_from_an_analyst_and_its_removal_opens_it(console) -> None:
    """By the forms that an admin uses; what is refused says what to do."""
    make_person(plan="pro", shoe_mood="happy", first_name="Ada")
    admin, analyst = client_of("admin"), client_of("analyst")
    tags = "/console/profiles/fieldtag/"

    def refused(field: str) -> str:
        rule = json.dumps(group("all", trait(field, "eq", "happy")))
        part = analyst.post(reverse("segments:effect"), {"rule": rule}).content.decode()
        return part if "Not complete yet" in part else ""

    assert "shoe_mood" not in _picked(analyst, "traits")["values"]
    assert "Hidden: your role" in str(_picked(analyst, "all")["of"])
    assert "Hidden" not in str(_picked(console, "all")["of"])
    assert "An admin can say that it is not personal" in refused("shoe_mood")
    assert "These roles can: Marketer, Admin" in refused("first_name")
    form = {"place": "trait", "name": "Shoe mood", "is_personal": ""}
    assert admin.post(f"{tags}add/", form).status_code == 302
    assert "shoe_mood" in _picked(analyst, "traits")["values"]
    assert _picked(analyst, "values", field="shoe_mood")["values"] == ["happy"]
    assert not refused("shoe_mood")
    tag = FieldTag.objects.get()
    form = {"place": "trait", "name": "Shoe mood", "is_personal": "on"}
    assert admin.post(f"{tags}{tag.pk}/change/", form).status_code == 302
    assert "These roles can" in refused("shoe_mood")
    assert _picked(analyst, "values", field="shoe_mood")["values"] == []
    assert "shoe_mood" in _picked(console, "traits")["values"]  # a marketer sees it all the time
    assert admin.post(f"{tags}{tag.pk}/delete/", {"post": "yes"}).status_code == 302
    assert "An admin can say that it is not personal" in refused("shoe_mood")


def test_a_name_that_a_public_key_made_is_hidden_in_pickers_and_offered_again(console) -> None:
    make_person(plan="pro", junk_name="x")
    TraitName.objects.create(name="junk_name", is_proven=False)
    event = EventDefinition.objects.create(name="Junk Done", is_proven=False)
    admin = client_of("admin")
    trait_row = TraitName.objects.get(name="junk_name")
    for address, row, what in (
        ("/console/profiles/traitname/", trait_row, "traits"),
        ("/console/profiles/eventdefinition/", event, "events"),
    ):
        assert row.name in _picked(console, what)["values"]
        for action, is_there in (("hide_names", False), ("show_names", True)):
            form = {"action": action, "_selected_action": [row.pk]}
            page = admin.post(address, form, follow=True)
            assert page.status_code == 200
            assert (row.name in _picked(console, what)["values"]) is is_there, action
            assert (row.name in _picked(console, "all")["values"]) is is_there


def test_a_person_is_put_on_lists_taken_off_and_tested(console) -> None:
    ada = make_profile("Ada", traits={"plan": "free"})
    services.create_segment(slug="vip", name=HOSTILE, kind="static")
    services.create_segment(slug="pro", name="Pro", rule=PRO)
    lists = reverse("segments:person_lists", args=[ada.public_id])
    test = reverse("segments:person_test", args=[ada.public_id])
    page = console.get(reverse("profiles:person", args=[ada.public_id])).content.decode()
    assert lists in page
    assert test in page
    assert "<script>alert" not in console.get(lists).content.decode()
    vip = Segment.objects.get(slug="vip")
    console.post(lists, {"list": "vip", "act": "add"})
    vip.refresh_from_db()
    assert vip.count == 1
    console.post(lists, {"list": "vip", "act": "add"})  # from another window
    console.post(lists, {"list": "vip", "act": "remove"})
    vip.refresh_from_db()
    assert vip.count == 0
    assert b"Give it a name." in console.post(lists, {"list": "+", "name": " "}).content
    console.post(lists, {"list": "+", "name": "Call back", "act": "add"})
    assert Segment.objects.get(slug="call-back").count == 1
    assert console.post(lists, {"list": "gone", "act": "add"}).status_code == 302
    found = console.get(test, {"segment": "pro"}).content.decode()
    assert "Not in" in found
    assert "plan is free" in found
    viewer = client_of("service_rep")
    assert viewer.get(test, {"segment": "pro"}).status_code == 200
    assert viewer.post(lists, {"list": "vip", "act": "add"}).status_code == 403
    assert (
        lists not in viewer.get(reverse("profiles:person", args=[ada.public_id])).content.decode()
    )


def test_whom_an_edit_adds_and_drops_is_shown(console) -> None:
    ada = make_person(plan="pro", display_name="Ada")
    ben = make_person(plan="free", display_name="Ben")
    services.create_segment(slug="pro", name="Pro", rule=PRO)
    while work():
        pass
    given = {"slug": "pro", "rule": json.dumps(group("all", trait("plan", "eq", "free")))}
    adds = console.post(reverse("segments:adds"), given).content.decode()
    drops = console.post(reverse("segments:drops"), given).content.decode()
    assert str(ben.public_id) in adds
    assert str(ada.public_id) not in adds
    assert str(ada.public_id) in drops
    assert str(ben.public_id) not in drops
    effect = console.post(reverse("segments:effect"), given).content.decode()
    assert "Who: the 1 that it adds" in effect
    given = {"slug": "nope", "rule": "5"}
    assert console.post(reverse("segments:adds"), given).status_code == 200


def test_edits_are_kept_with_who_and_what_they_did_to_the_people(console) -> None:
    for plan in ("pro", "pro", "free"):
        make_person(plan=plan)
    saved = services.create_segment(slug="pro", name="Pro", rule=PRO)
    while work():
        pass
    assert "hist-h" not in console.get(reverse("segments:detail", args=["pro"])).content.decode()
    free = group("all", trait("plan", "eq", "free"))
    services.update_segment(saved, rule=free, user=User.objects.get(username="marketer"))
    while work():
        pass
    page = console.get(reverse("segments:detail", args=["pro"]))
    (second, _words), (first, words) = page.context["history"]
    assert (second.row.count, second.row.came, second.row.went) == (1, 1, 2)
    assert (first.row.count, first.rule, words["kept"]) == (2, PRO, "plan is pro")
    text = page.content.decode()
    assert "marketer" in text
    assert 'data-rule="hist-1"' in text
    assert 'data-rule="hist-2"' not in text, "it stands in the builder already"


def test_earlier_rules_are_for_those_who_may_see_their_values() -> None:
    rule = group("all", trait("email", "eq", "ann@example.com"))
    saved = services.create_segment(slug="mails", name="Mails", rule=rule)
    services.update_segment(saved, rule=PRO)
    page = client_of("analyst").get(reverse("segments:detail", args=["mails"]))
    assert [one.rule for one, _words in page.context["history"]] == [PRO, None]
    assert "ann@example.com" not in page.content.decode()


def test_up_to_four_segments_are_compared(console) -> None:
    rules = {
        "pro": PRO,
        "old": group("all", trait("age", "gte", 50)),
        "none": group("all", trait("plan", "eq", "nobody's")),
    }
    for plan, age in (("pro", 60), ("pro", 20), ("free", 70), ("pro", 61), ("free", 1)):
        make_person(plan=plan, age=age)
    for slug, rule in rules.items():
        services.create_segment(slug=slug, name=slug.title(), rule=rule)
    while work():
        pass
    page = console.get(reverse("segments:compare") + "?s=pro&s=old&s=none&s=gone&s=pro")
    counts = {
        tuple(one.slug for one in line["region"].inside): line["region"].count
        for line in page.context["lines"]
    }
    assert len(counts) == 7
    assert {way: n for way, n in counts.items() if n} == {
        ("pro", "old"): 2, ("pro",): 1, ("old",): 1,
    }  # fmt: skip
    assert page.context["together"] == 4
    first = page.context["lines"][0]
    assert first["region"].rule == {
        "match": "all",
        "conditions": [
            {"kind": "segment", "slug": "pro"},
            {"kind": "segment", "slug": "old"},
            {"match": "none", "conditions": [{"kind": "segment", "slug": "none"}]},
        ],
    }
    built = console.get(first["url"])
    assert built.context["setup"]["rule"] == first["region"].rule
    assert console.get(reverse("segments:compare")).status_code == 200
    assert console.get(reverse("segments:compare") + "?s=pro").status_code == 200
