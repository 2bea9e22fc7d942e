"""What holds for every kind of condition; and a new one, made as CONTRIBUTING.md says, is a kind.

Nothing here names a kind: each is tried by the example of its own schema.
"""

import json
from pkgutil import iter_modules
from typing import Any

import jsonschema
import pytest
from django.test import Client
from django.utils import timezone

from config.workspace.models import User
from profiles.models import Profile
from profiles.selectors.masking import HARMLESS_ALONE
from segments.api.rule_schema import condition_schema, rule_schema
from segments.builder.preview import preview
from segments.members.stored import refresh
from segments.models import Segment
from segments.pages.words import builder_words
from segments.rules import KINDS, Condition, conditions, parse_rule, read_rule, references_in
from segments.rules.clause import SOURCES
from segments.rules.compiler import CompileContext, members_of
from segments.rules.context import CompileContext as Context
from segments.services import create_segment
from tests.segments.builders import AS_OF, group, make_event, make_person, trait
from tests.segments.toy import ParityCondition

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    buyers = group("all", trait("plan", "eq", "pro"))
    people = [make_person(plan=plan) for plan in ("pro", "free", "pro", "team")]
    refresh(create_segment(slug="buyers", name="Buyers", rule=buyers).pk)
    for person in people[:2]:
        make_event(person, "Order Completed", 1)
    return people


def example(kind: str) -> dict[str, Any]:
    return condition_schema(kind)["example"]


def fields_of(parts: list[dict[str, Any]]) -> set[str]:
    return {part["field"] for part in parts if "field" in part}


def every_part(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    inner = [each for part in parts for name in ("parts", "after") for each in part.get(name, ())]
    return [*parts, *(every_part(inner) if inner else ())]


def check_kind(kind: str, people: list[Profile], queries) -> None:
    """All that is true of a kind, by its example."""
    given = example(kind)
    jsonschema.validate(given, condition_schema(kind))
    jsonschema.validate({"match": "all", "conditions": [given]}, rule_schema())
    with queries(0):
        rule, notes = read_rule(group("all", given))
        assert not notes.problems, "reading asks no database"
        (condition,) = rule.parts
        assert condition.describe()
        assert condition.depends_on()
    assert isinstance(condition.masked(HARMLESS_ALONE), Condition)
    named = {key for of, key in references_in(group("all", given)) if of != "event"}
    assert named == {reference.key for reference in notes.references}, (
        "what is looked up is what keeps it from being archived"
    )
    due = condition.due_at(AS_OF)
    assert due is None or due >= AS_OF

    everybody = {person.pk for person in people}
    inside = members_of(parse_rule(group("all", given)), CompileContext(as_of=AS_OF))
    others = members_of(parse_rule(group("none", given)), CompileContext(as_of=AS_OF))
    assert inside | others == everybody
    assert not inside & others
    context = CompileContext(as_of=AS_OF)
    members_of(parse_rule(group("all", given)), context)
    assert context.names_read == condition.reads()
    assert condition.found(Context(as_of=timezone.now()), people[0].pk)

    unknown = parse_rule_problems(given | {"no such field": 1})
    assert "conditions[0].no such field" in unknown
    check_clause(kind)


def parse_rule_problems(condition: dict[str, Any]) -> list[str]:
    _rule, notes = read_rule(group("all", condition))
    return [problem.path for problem in notes.problems]


def check_clause(kind: str) -> None:
    """What the builder draws stands in the kind's schema, and begins with what can be read."""
    clause, properties = KINDS[kind].clause(), KINDS[kind].schema()["properties"]
    parts = every_part(list(clause.parts))
    assert fields_of(list(clause.parts)) <= set(properties)
    assert {part["source"] for part in parts if part.get("source")} <= set(SOURCES.names())
    assert not clause.offers or clause.offers in SOURCES
    start = json.loads(json.dumps(clause.start).replace("$value", "buyers"))
    _rule, notes = read_rule(group("all", start))
    assert {p.code for p in notes.problems} <= {"required"}, "but for what is still to be chosen"
    words = [part["name"] for part in clause.parts if part.get("name")]
    assert len(words) == len(set(words)), "each word of a clause is found by its name"
    assert json.dumps(builder_words()["kinds"][kind])


def test_a_file_is_a_kind():
    files = {module.name for module in iter_modules(conditions.__path__)}
    own = {name for name, kind in KINDS.items() if kind.__module__.startswith(conditions.__name__)}
    assert files == own


def test_every_kind_is_whole(world, django_assert_num_queries):
    assert KINDS
    for kind in KINDS:
        check_kind(kind, world, django_assert_num_queries)


def test_a_new_kind_is_one_class(monkeypatch, world, django_assert_num_queries):
    monkeypatch.setitem(KINDS, ParityCondition.kind, ParityCondition)
    check_kind("parity", world, django_assert_num_queries)
    user = User.objects.create_user("ines", password="x", role="marketer")
    client = Client()
    client.force_login(user)
    even = {person.pk for person in world if person.pk % 2 == 0}
    rule = group("all", example("parity"))
    assert preview(parse_rule(rule)).count == len(even)
    body = {"name": "Even", "rule": rule}
    saved = client.post("/console/segments/-/save/", body, content_type="application/json")
    assert saved.status_code == 200, saved.content
    assert Segment.objects.get(slug="even").is_timed, "it says when time moves it"
    page = client.get("/console/segments/even/").content.decode()
    assert "have a number that is even" in page, "the sentence"
    assert '"label": "parity"' in page, "what the builder draws it by"
    offered = client.get("/console/segments/-/pick/?what=all").json()["items"]
    line = {"kind": "parity", "label": "Parity", "intent": "is"}
    assert any(line.items() <= each.items() for each in offered)
    schema = json.loads(client.get("/api/schema/", HTTP_ACCEPT="application/json").content)
    shape = schema["components"]["schemas"]["PreviewRequest"]["properties"]["rule"]
    kinds = shape["properties"]["conditions"]["items"]["oneOf"]
    enums = [each["properties"]["kind"]["enum"] for each in kinds if "kind" in each["properties"]]
    assert ["parity"] in enums
