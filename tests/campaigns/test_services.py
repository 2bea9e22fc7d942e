"""Drafts, checks, launch, undo, single sends."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from campaigns.engine.status import WrongStatus
from campaigns.models import Campaign, CampaignVersion, Message, Sender
from campaigns.services.advance import advance_campaigns
from campaigns.services.checks import check_campaign
from campaigns.services.drafts import create_campaign, duplicate, update_campaign
from campaigns.services.launching import NotReady, launch, undo
from campaigns.services.shapes import InvalidCampaign
from campaigns.services.single import AnotherMessage, send_message
from consent.suppression.suppressing import suppress
from tests.campaigns.builders import (
    HTML,
    deliver_all,
    make_campaign,
    make_person,
    make_segment,
    make_sender,
    say,
    smtp_server,
)

pytestmark = pytest.mark.django_db
STEP = {
    "id": "a",
    "kind": "message",
    "channel": "email",
    "purpose": "marketing",
    "content": {"subject": "S", "html": HTML},
}
EVERYBODY = {"match": "all", "conditions": []}


def split(when, steps=()) -> dict:
    steps = list(steps) if isinstance(steps, tuple) else steps
    return {"kind": "split", "branches": [{"name": "a", "when": when, "steps": steps}]}


GOOD = {
    "slug": "s",
    "name": "S",
    "entry": {"kind": "segment", "segment": "everyone"},
    "steps": [STEP],
}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"slug": ""}, "slug"),
        ({"name": "x" * 301}, "name"),
        ({"entry": {"kind": "event", "name": "Signed Up"}}, "entry.kind"),
        ({"entry": {"kind": "api"}}, "entry.kind"),
        ({"entry": {"kind": "segment", "segment": "nobody"}}, "entry.segment"),
        ({"entry": {"kind": "schedule", "segment": "everyone", "at": "soon"}}, "entry.at"),
        ({"steps": [{"kind": "wait_for"}]}, "steps[0].kind"),
        ({"steps": [STEP, STEP]}, "steps[1].id"),
        ({"steps": [STEP, {"kind": "wait"}]}, "steps[1]"),
        ({"steps": [{"kind": "wait", "for": {"years": 1}}]}, "steps[0].for"),
        ({"steps": [{"kind": "wait", "until": {"time": "9 o'clock"}}]}, "steps[0].until.time"),
        ({"steps": [{"kind": "wait", "until": {"trait": ""}}]}, "steps[0].until.trait"),
        ({"steps": [{"kind": "split", "branches": []}]}, "steps[0].branches"),
        (
            {"steps": [split({"match": "all", "conditions": [{"kind": "x"}]})]},
            "steps[0].branches[0].when.conditions[0].kind",
        ),
        ({"steps": [split(None)]}, "steps[0].branches[0].when"),
        ({"steps": [split(EVERYBODY, [7])]}, "steps[0].branches[0].steps[0]"),
        ({"steps": [split(EVERYBODY, "x")]}, "steps[0].branches[0].steps"),
        (
            {"steps": [split(EVERYBODY, [STEP | {"channel": "sms"}])]},
            "steps[0].branches[0].steps[0].channel",
        ),
        ({"steps": [{"kind": "wait", "for": {"days": 1}}] * 51}, "steps"),
        ({"steps": [STEP | {"channel": "sms"}]}, "steps[0].channel"),
        ({"steps": [STEP | {"channel": "pigeon"}]}, "steps[0].channel"),
        ({"steps": [STEP | {"purpose": "measuring"}]}, "steps[0].purpose"),
        ({"steps": [STEP | {"content": {"subject": 1}}]}, "steps[0].content.subject"),
        ({"steps": [STEP | {"expires_in": {"years": 1}}]}, "steps[0].expires_in"),
        ({"steps": [STEP | {"variants": [{"name": "A"}]}]}, "steps[0].variants[0].content"),
        ({"goal": {"window": {"days": 1}}}, "goal.event"),
        ({"goal": {"event": "O", "where": [{"property": "p", "op": "~"}]}}, "goal.where[0].op"),
        ({"caps": {"count": 1}}, "caps.per_days"),
        ({"holdout": 1.5}, "holdout"),
        ({"sender": "nobody@example.com"}, "sender"),
        ({"exit": [{"event": "x"}]}, "exit"),
        ({"slug": "new"}, "slug"),
    ],
)
def test_what_is_wrong_is_named_with_its_path(change, path):
    make_segment()
    with pytest.raises(InvalidCampaign) as caught:
        create_campaign(GOOD | change)
    assert path in [error["path"] for error in caught.value.errors]


def test_a_draft_is_made_changed_and_copied():
    make_sender()
    make_segment()
    campaign = create_campaign(GOOD | {"holdout": {"share": 0.1}, "sender": "news@shop.example"})
    assert campaign.holdout == pytest.approx(0.1)
    campaign = update_campaign(campaign, {"name": "New"})
    assert campaign.name == "New"
    assert duplicate(campaign).slug == "s-2"
    with pytest.raises(InvalidCampaign):
        create_campaign(GOOD)


def codes(campaign) -> set[str]:
    return {check.code for check in check_campaign(campaign) if check.severity == "error"}


def test_checks_name_what_stands_in_the_way():
    make_segment(make_person("ada"))
    Sender.objects.create(name="Shop", address="a@shop.example", is_default=True)
    empty = create_campaign({"slug": "empty", "name": "Empty"})
    assert codes(empty) == {"no_entry", "no_steps"}
    campaign = create_campaign(GOOD)
    assert codes(campaign) == {"no_postal_address"}
    update_campaign(campaign, {"steps": [STEP | {"content": {"html": "<p>{% if %}</p>"}}]})
    campaign.refresh_from_db()
    assert {"no_subject", "content"} <= codes(campaign)
    assert all(check.remedy for check in check_campaign(campaign))
    with pytest.raises(NotReady):
        launch(campaign)
    campaign.refresh_from_db()
    assert campaign.status == "draft"


def test_hold_undo_and_schedule():
    ada = make_person("ada")
    say(ada)
    segment = make_segment(ada)
    campaign = launch(make_campaign(segment), hold=60)
    assert campaign.status == "held"
    assert advance_campaigns() == 0
    campaign = undo(campaign)
    assert campaign.status == "draft"
    assert not Message.objects.exists()
    campaign = launch(campaign, hold=60)
    assert CampaignVersion.objects.filter(campaign=campaign).count() == 2
    Campaign.objects.update(hold_until=timezone.now())
    while advance_campaigns():
        pass
    campaign.refresh_from_db()
    assert campaign.status == "running"
    with pytest.raises(WrongStatus):
        undo(campaign)
    with pytest.raises(WrongStatus):
        update_campaign(campaign, {"name": "x"})
    at = (timezone.now() + timedelta(hours=2)).isoformat()
    entry = {"kind": "schedule", "segment": segment.slug, "at": at}
    later = launch(make_campaign(segment, "later", entry=entry))
    assert later.status == "scheduled"


def test_the_command_launches_and_says_why_not():
    ada = make_person("ada")
    campaign = make_campaign(make_segment(ada))
    out = StringIO()
    call_command("campaign", "launch", campaign.slug, "--hold", "5", stdout=out)
    assert "held" in out.getvalue()
    with pytest.raises(CommandError, match="no campaign"):
        call_command("campaign", "launch", "nobody")
    with pytest.raises(CommandError, match="held"):
        call_command("campaign", "launch", campaign.slug)


def test_single_sends_are_idempotent_and_pass_the_gate():
    make_sender()
    ada, ben = make_person("ada"), make_person("ben")
    suppress(kind="email", value="ben@example.com", reason="hard_bounce")
    content = {"subject": "Order {{ order }}", "html": "<p>Thank you, {{ first_name }}</p>"}
    kwargs = {"channel": "email", "content": content, "data": {"order": "42"}}
    message, new = send_message(profile=ada, idempotency_key="k1", **kwargs)
    assert (new, message.state, message.lane) == (True, "queued", 1)
    again, new = send_message(profile=ada, idempotency_key="k1", **kwargs)
    assert (new, again.pk) == (False, message.pk)
    with pytest.raises(AnotherMessage):
        send_message(profile=ada, idempotency_key="k1", **kwargs | {"data": {"order": "43"}})
    stopped, _new = send_message(profile=ben, idempotency_key="k2", **kwargs)
    assert (stopped.state, stopped.reason) == ("excluded", "suppressed")
    marketing, _new = send_message(
        profile=ada, idempotency_key="k3", **kwargs | {"purpose": "marketing"}
    )
    assert (marketing.state, marketing.reason) == ("excluded", "no_permission")
    with pytest.raises(InvalidCampaign):
        send_message(profile=ada, idempotency_key="k4", **kwargs | {"channel": "sms"})
    with smtp_server() as server:
        deliver_all()
        assert server.message()["Subject"] == "Order 42"
        assert server.message()["List-Unsubscribe"] is None
        assert len(server.mails) == 1


def test_what_asks_nobody_is_launched_only_by_those_who_may_say_so():
    make_sender()
    make_segment(make_person("ada"))
    campaign = create_campaign(GOOD | {"steps": [STEP | {"purpose": "service"}]})
    with pytest.raises(NotReady) as caught:
        launch(campaign, may_skip_permission=False)
    assert [check.code for check in caught.value.checks] == ["needs_officer"]
    assert launch(campaign, hold=60).status == "held"
    marketing = create_campaign(GOOD | {"slug": "m"})
    assert launch(marketing, hold=60, may_skip_permission=False).status == "held"
