"""A dry run of a segment that waits to be counted says the true number, or why there is none."""

import pytest

from campaigns.models import Message
from campaigns.services.checks import NotReady
from campaigns.services.launching import launch
from campaigns.services.rehearsing import rehearse
from config.workspace.access.keys import create_api_key
from segments.models import Segment
from segments.services import create_segment, update_segment
from tests.campaigns.builders import fan_out_all, make_campaign, make_person, say

pytestmark = pytest.mark.django_db


def plan_is(value: str) -> dict:
    condition = {"kind": "trait", "field": "plan", "op": "eq", "value": value}
    return {"match": "all", "conditions": [condition]}


def person(name: str, plan: str):
    made = make_person(name, traits={"plan": plan})
    say(made)
    return made


def test_a_segment_that_was_never_counted_is_counted_first(client):
    for name in ("ada", "ben"):
        person(name, "pro")
    person("cleo", "trial")
    campaign = make_campaign(create_segment(slug="pro", name="Pro", rule=plan_is("pro")))
    key = create_api_key(name="k", scopes=["campaigns"])[1]
    answer = client.post(
        "/api/campaigns/spring/rehearse/", headers={"authorization": f"Bearer {key}"}
    )
    assert answer.json()["audience"] == 2
    update_segment(Segment.objects.get(), rule=plan_is("trial"))
    assert rehearse(campaign).recipients == 1, "by the rule as it stands now"


def test_a_segment_that_cannot_be_counted_is_named_and_nobody_is_sent_nothing(client):
    person("ada", "pro")
    segment = create_segment(slug="pro", name="Pro", rule=plan_is("pro"))
    campaign = launch(make_campaign(segment))
    Segment.objects.update(rule={"match": "odd"}, status="failed", refresh_requested_at=None)
    with pytest.raises(NotReady, match="cannot be counted"):
        rehearse(campaign)
    fan_out_all()
    campaign.refresh_from_db()
    assert campaign.status == "running"
    assert "cannot be counted" in campaign.fault
    assert not Message.objects.exists()


def test_a_launch_waits_until_a_changed_rule_is_counted():
    person("ada", "pro")
    segment = create_segment(slug="pro", name="Pro", rule=plan_is("pro"))
    campaign = make_campaign(segment)
    rehearse(campaign)
    update_segment(Segment.objects.get(), rule=plan_is("trial"))
    launch(campaign)
    fan_out_all()
    assert not Message.objects.exists(), "the stored members are of another rule"
