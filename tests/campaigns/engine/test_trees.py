"""Random trees of steps: they end for everybody, each step is executed once, on one way each."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from campaigns.models import Campaign, Enrolment, Message, Transition
from campaigns.plan import nodes
from campaigns.services.advance import advance_campaigns
from campaigns.services.launching import launch
from tests.campaigns.builders import make_campaign, make_person, make_segment, say
from tests.campaigns.engine_builders import advance_all, let_pass, mail, wait
from tests.segments.builders import group, trait

pytestmark = pytest.mark.django_db
PLANS = ("pro", "free", "team")
messages = st.just("message")
waits = st.sampled_from([{"minutes": 5}, {"days": 2}, {"weeks": 1}, {"months": 1}])
untils = st.sampled_from([{"time": "09:00"}, {"time": "23:30", "weekday": "sunday"}])
shapes = st.recursive(
    st.lists(st.one_of(messages, st.tuples(st.just("for"), waits),
                       st.tuples(st.just("until"), untils)), max_size=3),
    lambda inner: st.lists(
        st.one_of(messages, st.tuples(st.just("split"), st.sampled_from(PLANS), inner, inner)),
        min_size=1, max_size=3),
    max_leaves=6,
)  # fmt: skip


def steps_of(shape: list, made: list[int]) -> list[dict]:
    found: list[dict] = []
    for one in shape:
        made.append(1)
        key = f"s{len(made)}"
        if one == "message":
            found.append(mail(key))
        elif one[0] == "split":
            _kind, plan, inside, others = one
            when = group("all", trait("plan", "eq", plan))
            branch = {"name": plan, "when": when, "steps": steps_of(inside, made)}
            rest = steps_of(others, made)
            found.append({"id": key, "kind": "split", "branches": [branch], "else": rest})
        elif one[0] == "until":
            found.append({"id": key, "kind": "wait", "until": one[1]})
        else:
            found.append(wait(**one[1]) | {"id": key})
    return found


def way_through(steps: list[dict], plan: str) -> list[str]:
    """The steps that somebody meets, told by a walk of the JSON itself."""
    met: list[str] = []
    for step in steps:
        met.append(step["id"])
        if step["kind"] == "split":
            branch = step["branches"][0]
            met += way_through(branch["steps"] if branch["name"] == plan else step["else"], plan)
    return met


@settings(
    max_examples=12, deadline=None, derandomize=True, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(shape=shapes)
def check_a_tree(shape: list) -> None:
    steps = steps_of(shape, [])
    if not [one for one in nodes(steps) if one.kind == "message"] or len(nodes(steps)) > 50:
        return
    with transaction.atomic():
        everyone = {}
        for plan in PLANS:
            everyone[plan] = make_person(plan, traits={"plan": plan}, time_zone="Asia/Jakarta")
            say(everyone[plan])
        segment = make_segment(*everyone.values())
        data = {"steps": steps, "caps": {"unlimited": True}}
        launch(make_campaign(segment, "tree", **data))
        for _time in range(60):
            advance_all()
            if not Enrolment.objects.filter(ended_at=None).exists():
                break
            let_pass(days=32)
        assert not Enrolment.objects.filter(ended_at=None).exists(), "it ends for everybody"
        assert not Campaign.objects.exclude(fault="").exists()
        single = len(nodes(steps)) == 1
        for plan, person in everyone.items():
            way = way_through(steps, plan)
            rows = Transition.objects.filter(profile=person).order_by("id")
            assert list(rows.values_list("from_step", flat=True)) == ([] if single else way)
            mails = Message.objects.filter(profile=person).order_by("id")
            wanted = [k for k in way if {n.key: n for n in nodes(steps)}[k].kind == "message"]
            assert list(mails.values_list("step", flat=True)) == wanted
        assert Enrolment.objects.count() == (0 if single else len(PLANS))
        assert advance_campaigns() == 0
        transaction.set_rollback(True)


def test_random_trees_end_for_everybody_with_each_step_of_their_way_once():
    check_a_tree()
