"""Special-category and child data is read of those alone who permitted it, and refused without."""

import json

import pytest

from config.workspace.work.due import drain
from consent.ledger.recording import Statement, record_consents
from consent.models import Purpose
from consent.suppression.withdrawing import EVERY_CHANNEL
from profiles.models import FieldTag
from profiles.personal.tags import forget_tags, tags_changed
from segments import services
from segments.builder.clauses import clause_counts
from segments.builder.explain import explain_membership
from segments.builder.preview import context_at
from segments.models import Membership, Segment
from segments.rules import RuleError, parse_rule
from tests.cast import make_event, make_profile, make_user

pytestmark = pytest.mark.django_db
DIET = {"kind": "trait", "field": "diet", "op": "eq", "value": "halal"}
VISIT = {"kind": "event", "name": "Clinic Visited"}


def rule(*conditions, match="all"):
    return {"match": match, "conditions": list(conditions)}


def tag(place: str, name: str, **fields) -> FieldTag:
    fields = {"is_personal": True, "sensitivity": "special"} | fields
    made, _new = FieldTag.objects.update_or_create(place=place, name=name, defaults=fields)
    tags_changed()
    return made


def permit(person, slug: str = "diets", *, status: str = "granted", basis: str = "consent") -> None:
    purpose = Purpose.objects.get_or_create(
        slug=slug, defaults={"name": "Recipes for a diet", "purpose_class": "processing"}
    )[0]
    said = Statement(person.pk, purpose.pk, EVERY_CHANNEL, status, basis, actor="person")
    record_consents([said])


def inside(segment: Segment) -> set[str]:
    drain()
    rows = Membership.objects.filter(segment=segment, left_at=None).select_related("profile")
    return {row.profile.display_name for row in rows}


def test_without_a_purpose_nobody_asks_by_it_whatever_their_role():
    tag("trait", "diet")
    tag("event", "Clinic Visited")
    for condition, name in ((DIET, "diet"), (VISIT, "Clinic Visited")):
        with pytest.raises(RuleError) as refused:
            services.create_segment(slug="s", name="S", rule=rule(condition, match="any"))
        [problem] = refused.value.problems
        assert (problem.path, problem.code) == ("conditions[0]", "guarded")
        assert name in problem.message
    with pytest.raises(RuleError, match="special-category"):
        services.create_segment(
            slug="s", name="S", rule=rule({**DIET, "field": "medicalHistory"})
        )  # a usual name, which nobody tagged
    with pytest.raises(RuleError, match="child"):
        services.create_segment(slug="s", name="S", rule=rule({**DIET, "field": "child_age"}))


def test_only_who_permitted_the_purpose_themselves_counts_and_leaves_when_they_take_it_back():
    ada, ben, cleo = (make_profile(n, traits={"diet": "halal"}) for n in ("Ada", "Ben", "Cleo"))
    make_profile("Dan", traits={"diet": "any"})
    make_event(ada, "Page Viewed")
    permit(ada)
    permit(ben)
    permit(cleo, basis="legitimate_interest")
    tag("trait", "diet", purpose="diets")
    segment = services.create_segment(slug="halal", name="Halal", rule=rule(DIET))
    others = services.create_segment(slug="no", name="Others", rule=rule(DIET, match="none"))
    assert inside(segment) == {"Ada", "Ben"}
    assert inside(others) == {"Cleo", "Dan"}, "of whom it is not read, nothing is known"
    permit(ben, status="withdrawn")
    assert inside(segment) == {"Ada"}
    assert inside(others) == {"Ben", "Cleo", "Dan"}
    permit(cleo)
    assert inside(segment) == {"Ada", "Cleo"}


def test_a_tag_that_comes_later_holds_for_rules_that_are_there_already():
    ada = make_profile("Ada", traits={"diet": "halal"})
    make_profile("Ben", traits={"diet": "halal"})
    segment = services.create_segment(slug="halal", name="Halal", rule=rule(DIET))
    assert inside(segment) == {"Ada", "Ben"}
    tag("trait", "diet")
    assert inside(segment) == set()
    permit(ada)
    tag("trait", "diet", purpose="diets")
    assert inside(segment) == {"Ada"}
    FieldTag.objects.all().delete()
    tags_changed()
    assert inside(segment) == {"Ada", "Ben"}
    forget_tags()


def test_the_rules_words_and_its_clause_say_of_whom_alone_it_is_asked(client):
    """In the builder, on the segment's page and in the answer to "why?"."""
    client.force_login(make_user())
    people = [make_profile(n, traits={"diet": "halal", "plan": "pro"}) for n in "abcd"]
    make_profile("e", traits={"diet": "halal", "plan": "free"})
    permit(people[0])
    permit(people[1], status="withdrawn")
    tag("trait", "diet", purpose="diets")
    plan = {"kind": "trait", "field": "plan", "op": "eq", "value": "pro"}
    stage = {"kind": "trait", "field": "profile.lifecycle", "op": "ne", "value": "lapsed"}
    purpose = Purpose.objects.get(slug="personalisation")
    record_consents([Statement(people[2].pk, purpose.pk, EVERY_CHANNEL, "denied", "consent")])
    asked = rule(plan, DIET, rule(stage, match="any"))
    body = {"rule": json.dumps(asked), "slug": ""}
    lines = client.post("/console/segments/-/clauses/", body).json()["clauses"]
    notes = {line["path"]: line["note"] for line in lines}
    assert notes["conditions[0]"] == ""
    assert notes["conditions[1]"] == (
        "Reads special-category data: only those who permitted “Recipes for a diet” are counted."
        " 3 are left out."
    ), "of the four who are pro; whose diet it is of the three, nobody asks"
    assert notes["conditions[2].conditions[0]"] == (
        "It was worked out about people: who objects to profiling is not counted."
    ), "of the one who is left"
    segment = services.create_segment(slug="s", name="S", rule=asked)
    words = "diet is halal (only of those who permitted “Recipes for a diet”)"
    assert words in parse_rule(asked).describe()
    assert "(not of those who object to profiling)" in parse_rule(asked).describe()
    assert "permitted “Recipes for a diet”" in client.get("/console/segments/s/").content.decode()
    assert inside(segment) == {"a"}
    told = explain_membership(segment, people[0]).clauses
    assert told[1].sentence == words
    tag("trait", "diet", purpose="")
    assert "(read of nobody)" in parse_rule(asked).describe()
    notes = [line.note for line in clause_counts(parse_rule(asked), context_at(None))]
    assert "which nobody can permit yet" in notes[1] and "4 are left out." in notes[1]
