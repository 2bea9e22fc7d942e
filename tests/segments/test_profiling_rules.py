"""What was worked out about people finds nobody who objected to it, in any rule."""

import pytest

from config.workspace.work.due import drain
from consent.datamap.deciding import FieldRefused, decide
from consent.ledger.recording import Statement, record_consents
from consent.models import Purpose
from consent.suppression.withdrawing import EVERY_CHANNEL
from profiles.models import Profile
from profiles.personal.names import FieldPlace
from profiles.personal.tags import guarded, is_score
from segments import services
from segments.models import Membership, Segment
from segments.profiling import is_profiling
from tests.cast import make_profile

pytestmark = pytest.mark.django_db
STAGE = {"kind": "trait", "field": "profile.lifecycle", "op": "eq", "value": "loyal"}
CHURN = {"kind": "trait", "field": "churn_score", "op": "gt", "value": 50}
PLAN = {"kind": "trait", "field": "plan", "op": "eq", "value": "pro"}


def rule(*conditions, match="all"):
    return {"match": match, "conditions": list(conditions)}


def says(person: Profile, status: str, basis: str = "consent") -> None:
    purpose = Purpose.objects.get(slug="personalisation").pk
    said = Statement(person.pk, purpose, EVERY_CHANNEL, status, basis, actor="person")
    record_consents([said])


def inside(segment: Segment) -> set[str]:
    drain()
    rows = Membership.objects.filter(segment=segment, left_at=None).select_related("profile")
    return {row.profile.display_name for row in rows}


@pytest.mark.parametrize("condition", [STAGE, CHURN], ids=["a stage", "a usual name"])
def test_who_objects_leaves_at_once_and_comes_back_when_they_permit_it(condition):
    people = [
        make_profile(name, traits={"churn_score": 80}, lifecycle="loyal")
        for name in ("Ada", "Ben", "Cleo")
    ]
    segment = services.create_segment(slug="s", name="S", rule=rule(condition))
    nested = services.create_segment(
        slug="n", name="N", rule=rule({"kind": "segment", "slug": "s"})
    )
    without = services.create_segment(slug="w", name="W", rule=rule(condition, match="none"))
    says(people[2], "denied")
    assert inside(segment) == inside(nested) == {"Ada", "Ben"}, "silence is no objection"
    assert inside(without) == {"Cleo"}, "of whom it is not asked, nothing is known"
    says(people[1], "withdrawn")
    assert inside(segment) == inside(nested) == {"Ada"}
    says(people[1], "granted")
    record_consents(
        [
            Statement(
                people[2].pk, Purpose.objects.get(slug="personalisation").pk, EVERY_CHANNEL,
                "granted", "consent", evidence={"act": "form"}, actor="person",
            )
        ]
    )  # fmt: skip
    assert inside(segment) == {"Ada", "Cleo"}, "a claim alone ends no objection"


def test_other_rules_find_who_objected_as_before():
    ada = make_profile("Ada", traits={"plan": "pro"}, lifecycle="loyal")
    says(ada, "denied")
    plain = services.create_segment(slug="s", name="S", rule=rule(PLAN))
    either = services.create_segment(slug="e", name="E", rule=rule(PLAN, STAGE, match="any"))
    assert inside(plain) == inside(either) == {"Ada"}


def test_a_rule_is_built_on_it_by_what_it_names_at_any_depth():
    services.create_segment(slug="one", name="1", rule=rule(STAGE))
    services.create_segment(slug="two", name="2", rule=rule({"kind": "segment", "slug": "one"}))
    deep = rule(rule(PLAN, {"kind": "segment", "slug": "two"}, match="none"), match="any")
    assert is_profiling([rule(PLAN), deep])
    assert is_profiling([rule(rule(CHURN, match="any"))])
    assert not is_profiling([rule(PLAN), {}, None, {"match": "all"}])


def test_an_officer_says_what_a_score_is_and_no_purpose_goes_with_it():
    place = FieldPlace.TRAIT
    assert is_score(place, "churn-score") and is_score(place, "email_rfm_group")
    assert not is_score(place, "tier")
    make_profile("Ada", traits={"tier": "gold"})
    ben = make_profile("Ben", traits={"tier": "gold"})
    asked = {"kind": "trait", "field": "tier", "op": "eq", "value": "gold"}
    segment = services.create_segment(slug="s", name="S", rule=rule(asked))
    says(ben, "denied")
    assert inside(segment) == {"Ada", "Ben"}
    decide("trait", "tier", "score")
    assert inside(segment) == {"Ada"}, "the tag holds for rules that are there already"
    assert guarded(place, "tier") is None, "it asks no permission of its own"
    with pytest.raises(FieldRefused):
        decide("trait", "tier", "score", purpose="personalisation")
    decide("trait", "churn_score", "harmless")
    assert not is_score(place, "churn_score")
