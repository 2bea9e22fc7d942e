"""The kind `message`: who got one, who did not, and what came of it."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.conditions.message import STATUSES
from campaigns.models import Campaign, Message
from campaigns.outcomes.agents import HUMAN
from campaigns.outcomes.figures import FIGURES
from campaigns.outcomes.recording import find_sent, record_click, record_open
from campaigns.services.drafts import delete_draft
from config.workspace.lifecycle.usage import InUse
from config.workspace.models import CustomRole
from consent.models import Purpose
from profiles.ingest.processor import process_portion
from profiles.merging.merging import merge_people
from segments.builder.clauses import clause_counts
from segments.builder.explain import explain_membership
from segments.members.live import process_changes
from segments.members.stored import refresh
from segments.models import Membership
from segments.rules import RuleError, parse_rule
from segments.rules.compiler import CompileContext, members_of
from segments.services import create_segment
from tests.campaigns.builders import (
    deliver_all,
    launched,
    make_campaign,
    make_person,
    make_segment,
    say,
    smtp_server,
)
from tests.cast import make_identifier, make_user

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(microsecond=0)


def ago(days: float):
    return NOW - timedelta(days=days)


def rule(**condition):
    return {"match": "all", "conditions": [{"kind": "message"} | condition]}


def who(as_of=None, among=None, **condition) -> set[int]:
    context = CompileContext(as_of=as_of or timezone.now(), profile_ids=among, is_now=as_of is None)
    return members_of(parse_rule(rule(**condition)), context)


def make_message(person, campaign=None, state="sent", **more) -> Message:
    times = {"sent_at": ago(10), "queued_at": ago(10), "due_at": ago(10), "expires_at": ago(-1)}
    return Message.objects.create(
        profile=person,
        campaign_id=campaign and campaign.pk,
        purpose=Purpose.objects.get(slug="service"),
        is_marketing=False,
        state=state,
        **({"channel": "email"} | times | more),
    )


@pytest.fixture
def cast():
    """By name, one person for each way in which a mail of `spring` or another ends."""
    names = "sent opened clicked bounced back twice left test queued no old bought text"
    people = {name: make_person(name) for name in names.split()}
    spring, other = (make_campaign(make_segment(slug=slug), slug) for slug in ("spring", "other"))
    make_message(people["sent"], spring)
    make_message(people["opened"], spring, opened_at=ago(9))
    make_message(people["clicked"], spring, opened_at=ago(9), clicked_at=ago(1))
    make_message(people["bought"], spring, clicked_at=ago(8), converted_at=ago(7))
    make_message(people["bounced"], spring, state="bounced", sent_at=None, bounced_at=ago(10))
    make_message(people["back"], spring, state="bounced", bounced_at=ago(2))
    make_message(people["twice"], spring)
    make_message(people["twice"], other, sent_at=ago(3), opened_at=ago(3))
    make_message(people["left"], other, state="delivered", unsubscribed_at=ago(4))
    make_message(people["test"], spring, is_test=True)
    make_message(people["queued"], spring, state="queued", sent_at=None)
    make_message(people["old"], other, sent_at=ago(200), opened_at=ago(199))
    make_message(people["text"], channel="sms")
    return people


CASES = [
    ({"status": "sent"}, "sent opened clicked bought bounced back twice left old text"),
    ({"status": "sent", "campaign": "spring"}, "sent opened clicked bought bounced back twice"),
    ({"status": "sent", "campaign": "", "channel": "sms"}, "text"),
    ({"status": "delivered", "campaign": "spring"}, "sent opened clicked bought twice"),
    ({"status": "opened"}, "opened clicked twice old"),
    ({"status": "opened", "window": {"last": {"days": 30}}}, "opened clicked twice"),
    ({"status": "clicked"}, "clicked bought"),
    ({"status": "clicked", "window": {"last": {"hours": 48}}}, "clicked"),
    ({"status": "converted"}, "bought"),
    ({"status": "bounced"}, "bounced back"),
    ({"status": "unsubscribed", "campaign": "other"}, "left"),
    ({"status": "unsubscribed", "campaign": "spring"}, ""),
    ({"status": "sent", "count": {"op": "gte", "value": 2}}, "twice"),
    ({"status": "sent", "count": {"op": "eq", "value": 0}}, "test queued no"),
    (
        {"status": "opened", "campaign": "spring", "count": {"op": "eq", "value": 0}},
        "sent bought bounced back twice left test queued no old text",
    ),
    (
        {"status": "sent", "count": {"op": "lte", "value": 1}},
        "sent opened clicked bought bounced back left old text test queued no",
    ),
]


@pytest.mark.parametrize(("condition", "names"), CASES)
def test_who_is_in(cast, condition, names):
    wanted = {cast[name].pk for name in names.split()}
    assert who(**condition) == wanted
    some = [person.pk for person in list(cast.values())[::2]]
    assert who(among=some, **condition) == wanted & set(some)
    for person in list(cast.values())[:3]:
        assert who(among=[person.pk], **condition) == wanted & {person.pk}


def test_now_it_says_what_the_figures_count(cast):
    spring = Campaign.objects.get(slug="spring")
    counted = Message.objects.filter(campaign_id=spring.pk, is_test=False)
    for status in STATUSES:
        rows = counted.filter(FIGURES[status]).values_list("profile_id", flat=True)
        assert who(status=status, campaign="spring") == set(rows), status


def test_it_is_answered_as_of_any_past_moment(cast):
    assert cast["back"].pk in who(as_of=ago(5), status="delivered")
    assert cast["back"].pk not in who(as_of=ago(1), status="delivered")
    assert who(as_of=ago(8.5), status="clicked") == set()
    assert who(as_of=ago(7.5), status="clicked") == {cast["bought"].pk}


def test_whose_it_is_today_is_asked(cast):
    ada, ben = cast["no"], cast["opened"]
    merge_people(survivor_id=ada.pk, absorbed_id=ben.pk, rule="test", evidence={})
    for among in (None, [ada.pk]):
        assert ada.pk in who(among=among, status="opened", campaign="spring")
    Message.objects.filter(profile=cast["sent"]).update(owner_id=cast["queued"].pk)
    for among in (None, [cast["queued"].pk, cast["sent"].pk]):
        found = who(among=among, status="sent", campaign="spring")
        assert cast["queued"].pk in found
        assert cast["sent"].pk not in found


@pytest.mark.parametrize(
    ("condition", "path"),
    [
        ({"status": "read"}, "conditions[0].status"),
        ({}, "conditions[0].status"),
        ({"status": "sent", "campaign": "nope"}, "conditions[0].campaign"),
        ({"status": "sent", "campaign": 5}, "conditions[0].campaign"),
        ({"status": "sent", "channel": "pigeon"}, "conditions[0].channel"),
        ({"status": "sent", "count": {"op": "eq", "value": -1}}, "conditions[0].count.value"),
        ({"status": "sent", "window": {"since_entry": True}}, "conditions[0].window.since_entry"),
        ({"status": "sent", "step": "mail"}, "conditions[0].step"),
    ],
)
def test_what_is_wrong_is_named(condition, path):
    with pytest.raises(RuleError) as error:
        parse_rule(rule(**condition))
    assert error.value.path == path


def test_live_from_hand_over_to_the_click():
    ada, ben = (make_person(name) for name in ("ada", "ben"))
    for person in (ada, ben):
        say(person)
        make_identifier(person, "rapport_id", str(person.public_id))
    campaign = launched(make_segment(ada, ben), "spring")
    slugs = ("sent", "opened", "clicked")
    segments = {
        slug: create_segment(slug=slug, name=slug, rule=rule(status=slug, campaign="spring"))
        for slug in slugs
    }
    segments["unopened"] = create_segment(
        slug="unopened",
        name="unopened",
        rule=rule(status="opened", campaign="spring", count={"op": "eq", "value": 0}),
    )
    for segment in segments.values():
        refresh(segment.pk)

    def members() -> dict[str, set[int]]:
        while process_changes():
            pass
        rows = Membership.objects.filter(left_at=None).values_list("segment__slug", "profile_id")
        return {slug: {pk for of, pk in rows if of == slug} for slug in segments}

    both = {ada.pk, ben.pk}
    assert members() == {"sent": set(), "opened": set(), "clicked": set(), "unopened": both}
    with smtp_server():
        deliver_all()
    assert members()["sent"] == both
    row = Message.objects.get(campaign_id=campaign.pk, profile=ada)
    sent = find_sent(ada.pk, row.pk)
    record_open(sent, HUMAN)
    record_click(sent, 0, "https://shop.example/tents", HUMAN)
    while process_portion():
        pass
    only = {"opened": {ada.pk}, "clicked": {ada.pk}, "unopened": {ben.pk}}
    assert members() == {"sent": both} | only
    for link in (1, 2, 3):  # a scanner's after all
        record_click(sent, link, "https://shop.example/tents", HUMAN)
    assert Message.objects.get(pk=row.pk).clicked_at is None
    assert members()["clicked"] == set()
    why = explain_membership(segments["unopened"], ada)
    assert why.member is False
    assert "1 message" in why.clauses[0].found


def test_who_cannot_be_seen_is_counted(cast):
    never = {"op": "eq", "value": 0}
    parsed = parse_rule(rule(status="opened", campaign="spring", count=never))
    (line,) = clause_counts(parsed, CompileContext(as_of=timezone.now()))
    assert line.unknown == len({"sent", "twice"}), "service mail is not measured; who opened is"
    parsed = parse_rule(rule(status="sent", campaign="spring", count=never))
    (line,) = clause_counts(parsed, CompileContext(as_of=timezone.now()))
    assert line.unknown is None


def test_a_draft_that_a_rule_names_stays():
    draft = make_campaign(make_segment(slug="some"), "later")
    create_segment(slug="asks", name="Asks", rule=rule(status="sent", campaign="later"))
    with pytest.raises(InUse, match="Asks"):
        delete_draft(draft)
    api = Client()
    api.force_login(make_user("marketer"))
    answer = api.delete("/api/campaigns/later/")
    assert answer.status_code == 409
    assert "Asks" in json.dumps(answer.json())
    assert Campaign.objects.filter(slug="later").exists()


def test_it_reads_as_a_sentence():
    make_campaign(make_segment(slug="some"), "later", name="Autumn")
    never = {"op": "eq", "value": 0}
    said = {
        "have not opened “Autumn” in the last 30 days": {
            "status": "opened", "campaign": "later", "count": never,
            "window": {"last": {"days": 30}},
        },
        "have clicked in any message by Email at least 3 times": {
            "status": "clicked", "channel": "email", "count": {"op": "gte", "value": 3},
        },
    }  # fmt: skip
    for words, condition in said.items():
        assert parse_rule(rule(**condition)).describe() == words


def test_the_picker_offers_campaigns(client):
    client.force_login(make_user("marketer"))
    make_campaign(make_segment(slug="some"), "later", name="Autumn")
    items = client.get("/console/segments/-/pick/?what=campaigns").json()["items"]
    assert [(one["value"], one["label"], one["note"]) for one in items] == [
        ("", "any message", ""),
        ("later", "Autumn", "not launched yet"),
    ]
    rights = ["segments.view"]
    CustomRole.objects.create(key="audiences", name="Audiences", permissions=rights, sight={})
    client.force_login(make_user("audiences"))
    items = client.get("/console/segments/-/pick/?what=campaigns").json()["items"]
    assert [one["label"] for one in items] == ["any message"]
