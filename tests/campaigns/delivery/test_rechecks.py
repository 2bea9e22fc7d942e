"""What happened between queueing and hand-over: who left the segment or did it gets no mail."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.delivery.worker import deliver
from campaigns.models import Message
from campaigns.outcomes.report import report
from config.workspace.work.due import WORK
from profiles.changes import announce
from profiles.models import Profile
from segments.models import Membership, Segment
from segments.services import create_segment
from tests.campaigns.builders import (
    deliver_all,
    fan_out_all,
    launched,
    make_campaign,
    make_person,
    make_segment,
    say,
)
from tests.cast import make_event

pytestmark = pytest.mark.django_db
TRIAL = {
    "match": "all",
    "conditions": [{"kind": "trait", "field": "plan", "op": "eq", "value": "trial"}],
}


def permitted(*names, **traits):
    people = [make_person(name, traits={"first_name": name, **traits}) for name in names]
    for person in people:
        say(person)
    return people


def becomes(person: Profile, plan: str) -> None:
    """As the inbox writes it: the trait and the announcement in one, evaluated later."""
    person.traits = person.traits | {"plan": plan}
    person.save()
    announce([person.pk], ["trait:plan"])


def counted(slug: str, rule: dict) -> Segment:
    segment = create_segment(slug=slug, name=slug, rule=rule)
    while WORK.get("segments")():
        pass
    return segment


def states() -> dict[str, tuple[str, str]]:
    rows = Message.objects.select_related("profile")
    return {row.profile.traits["first_name"]: (row.state, row.reason) for row in rows}


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("evaluated", [False, True])
def test_who_left_the_segment_while_the_mail_waited_gets_none(server, nested, evaluated):
    ada, ben, cleo = permitted("ada", "ben", "cleo", plan="trial")
    segment = counted("trial", TRIAL)
    if nested:
        refers = {"match": "all", "conditions": [{"kind": "segment", "slug": "trial"}]}
        segment = counted("outer", refers)
    campaign = launched(segment)
    becomes(ada, "pro")
    becomes(ben, "pro")
    becomes(ben, "trial")
    if evaluated:
        while WORK.get("segments")():
            pass
    deliver_all()
    fan_out_all()
    assert states() == {
        "ada": ("excluded", "left_segment"),
        "ben": ("sent", ""),
        "cleo": ("sent", ""),
    }
    assert set(server.counts) == {"ben@example.com", "cleo@example.com"}
    campaign.refresh_from_db()
    assert campaign.status == "finished"
    found = report(campaign)
    assert (found["audience"], found["excluded"], found["sent"]) == (3, {"left_segment": 1}, 2)
    assert cleo.pk


def test_a_rule_changed_meanwhile_is_asked_as_it_stands(server):
    permitted("ada", "ben", plan="trial")
    segment = counted("trial", TRIAL)
    launched(segment)
    rule = {
        "match": "all",
        "conditions": [{"kind": "trait", "field": "first_name", "op": "eq", "value": "ben"}],
    }
    Segment.objects.update(rule=rule, version=2, status="refreshing")
    deliver_all()
    assert states() == {"ada": ("excluded", "left_segment"), "ben": ("sent", "")}


def test_who_was_taken_off_a_list_gets_none_and_other_changes_cost_nobody_the_mail(server):
    ada, ben, cleo = permitted("ada", "ben", "cleo")
    launched(make_segment(ada, ben, cleo))
    now = timezone.now()
    Membership.objects.filter(profile__in=[ada, ben]).update(left_at=now)
    Membership.objects.create(segment=Segment.objects.get(), profile=ben, entered_at=now)
    announce([cleo.pk], ["trait:plan", "*"])
    deliver_all()
    assert [state for state, _reason in states().values()].count("sent") == 2
    assert states()["ada"] == ("excluded", "left_segment")


def test_who_reached_the_goal_while_the_mail_waited_gets_none(server):
    ada, ben, cleo, dora = permitted("ada", "ben", "cleo", "dora")
    goal = {
        "event": "Order Completed",
        "where": [{"property": "revenue", "op": "gt", "value": 5}],
    }
    make_event(dora, "Order Completed", days_ago=2, revenue=50)
    launched(make_segment(ada, ben, cleo, dora), goal=goal)
    later = timezone.now() + timedelta(seconds=1)
    make_event(ada, "Order Completed", at=later, revenue=50)
    make_event(ben, "Order Completed", at=later, revenue=3)
    deliver_all()
    assert states() == {
        "ada": ("excluded", "goal_reached"),
        "ben": ("sent", ""),
        "cleo": ("sent", ""),
        "dora": ("sent", ""),
    }


def test_a_permission_withdrawn_as_well_is_the_reason_that_comes_first(server):
    (ada,) = permitted("ada", plan="trial")
    launched(counted("trial", TRIAL))
    becomes(ada, "pro")
    say(ada, "withdrawn")
    deliver_all()
    assert states() == {"ada": ("excluded", "no_permission")}


def test_asking_again_costs_the_same_few_statements_for_any_number(server):
    people = permitted(*(f"p{n}" for n in range(20)))
    costs = []
    for slug, some in (("warm", people[:1]), ("few", people[1:3]), ("many", people[3:])):
        launched(make_segment(*some, slug=slug), slug)
        with CaptureQueriesContext(connection) as queries:
            deliver()
        asked = ("message", "membership", "profile_change", "segment")  # not what the health notes
        costs.append(sum(any(word in q["sql"] for word in asked) for q in queries))
    assert states()["p19"] == ("sent", "")
    assert costs[1] == costs[2]


def test_a_dry_run_does_not_list_what_only_time_can_bring(client):
    from campaigns.pages.checks.checks import funnel_of  # noqa: PLC0415 - of this test alone
    from campaigns.services.rehearsing import rehearse  # noqa: PLC0415

    (ada,) = permitted("ada")
    campaign = make_campaign(make_segment(ada))
    keys = [row.key for row in funnel_of(campaign, rehearse(campaign)).rows]
    assert "holdout" in keys
    assert "left_segment" not in keys
