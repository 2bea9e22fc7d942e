"""The gate: reasons and their order, rehearsal, fan-out, and what the database itself refuses."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from campaigns.audience import portions
from campaigns.models import Enrolment, Message, MessageChunk
from campaigns.outbox import fanout
from campaigns.services.rehearsing import rehearse
from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace
from consent.suppression.suppressing import suppress
from tests.campaigns.builders import (
    add_address,
    address_of,
    launched,
    make_campaign,
    make_person,
    make_segment,
    say,
)

pytestmark = pytest.mark.django_db


def outcome(person, campaign) -> str:
    row = Message.objects.get(profile=person, campaign_id=campaign.pk)
    return row.reason or row.state


def test_order_of_reasons():
    """Each person has every fault from theirs on; the first in the fixed order is named."""
    frozen = make_person("frozen", state="restricted", email_address=None)
    nowhere = make_person("nowhere", email_address=None)
    bounced = make_person("bounced")
    suppress(kind="email", value=address_of(bounced), reason="hard_bounce")
    silent = make_person("silent")
    ada = make_person("ada")
    family = make_person(
        "family", email_address=None, traits={"email": " ADA@example.com", "first_name": "F"}
    )
    capped = make_person("capped")
    for person in (ada, capped):
        say(person)
    say(family, point="ada@example.com")
    first = make_segment(capped, slug="first")
    launched(first, "before")
    people = [frozen, nowhere, bounced, silent, ada, family, capped]
    segment = make_segment(*people)
    draft = make_campaign(segment, caps={"per_days": 1})
    rehearsal = rehearse(draft)
    expected = {
        "frozen": 1,
        "no_address": 1,
        "suppressed": 1,
        "no_permission": 1,
        "duplicate_address": 1,
        "capped": 1,
    }
    assert rehearsal.excluded == expected
    assert list(rehearsal.excluded) == list(expected)
    assert (rehearsal.audience, rehearsal.recipients) == (7, 1)
    campaign = launched(segment, "really", caps={"per_days": 1})
    found = [outcome(person, campaign) for person in people]
    assert found == [
        "frozen",
        "no_address",
        "suppressed",
        "no_permission",
        "queued",
        "duplicate_address",
        "capped",
    ]
    assert MessageChunk.objects.filter(campaign_id=campaign.pk).count() == 1


def test_two_who_borrow_one_address_get_one_mail():
    owner = make_person("owner")
    two = [
        make_person(f"kid{n}", email_address=None, traits={"email": "owner@example.com"})
        for n in range(2)
    ]
    for kid in two:
        say(kid, point="owner@example.com")
    segment = make_segment(owner, *two)
    assert rehearse(make_campaign(segment)).excluded == {"no_permission": 1, "duplicate_address": 1}
    campaign = launched(segment, "really")
    assert [outcome(p, campaign) for p in (owner, *two)] == [
        "no_permission",
        "queued",
        "duplicate_address",
    ]


def test_the_address_that_is_permitted_is_chosen():
    person = make_person("ada", "old@example.com")
    add_address(person, "new@example.com")
    say(person, point="old@example.com")
    campaign = launched(make_segment(person))
    message = Message.objects.get(campaign_id=campaign.pk)
    assert (message.state, message.address) == ("queued", "old@example.com")
    assert message.consent_entry.permits


def test_holdout_is_drawn_last_and_uses_no_cap():
    people = [make_person(f"p{n}", bucket=n * 50) for n in range(200)]
    for person in people[:150]:
        say(person)
    segment = make_segment(*people)
    expected = rehearse(make_campaign(segment, holdout=0.2))
    campaign = launched(segment, "really", holdout={"share": 0.2})
    rows = Message.objects.filter(campaign_id=campaign.pk)
    control = rows.filter(reason="holdout").count()
    assert rows.filter(reason="no_permission").count() == 50
    assert 15 < control < 45
    assert not Enrolment.objects.exists(), "it ends with its first message: nobody is on the way"
    assert expected.recipients + expected.control == 150


def test_fan_out_goes_on_after_a_break_in_the_middle(monkeypatch):
    monkeypatch.setattr(portions, "RANGE", 10)
    people = [make_person(f"p{n}") for n in range(35)]
    for person in people:
        say(person)
    campaign = launched(make_segment(*people[:0], slug="none"), "none")
    segment = make_segment(*people)
    from campaigns.services.launching import launch  # noqa: PLC0415 - of this test alone

    campaign = launch(make_campaign(segment, "really"))
    fanout.fan_out(campaign.pk)
    real = fanout.write

    def killed(*args, **kwargs):
        real(*args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(fanout, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        fanout.fan_out(campaign.pk)
    assert Message.objects.filter(campaign_id=campaign.pk).count() == 10
    monkeypatch.setattr(fanout, "write", real)
    while fanout.fan_out(campaign.pk):
        pass
    rows = Message.objects.filter(campaign_id=campaign.pk)
    assert rows.count() == rows.values("profile_id").distinct().count() == 35


def test_quiet_hours_hold_until_morning_where_the_person_is():
    Workspace.objects.update(settings={"quiet_hours": {"from": "00:00", "to": "23:59"}})
    forget_workspace()
    person = make_person("ada", time_zone="Asia/Jakarta")
    other = make_person("ben", time_zone="No/Where")
    say(person)
    say(other)
    campaign = launched(make_segment(person, other))
    rows = Message.objects.filter(campaign_id=campaign.pk, state="queued")
    assert rows.count() == 2
    assert all(row.due_at > timezone.now() for row in rows)
    mine = rows.get(profile=person)
    assert (mine.due_at + timedelta(hours=7)).strftime("%H:%M") == "23:59"
    late = make_campaign(
        make_segment(person, slug="late"),
        "late",
        step={"expires_in": {"minutes": 1}},
        caps={"unlimited": True},
    )
    assert rehearse(late).excluded == {"quiet_hours": 1}
    Workspace.objects.update(settings={})
    forget_workspace()


def test_service_mail_asks_for_no_permission_but_heeds_a_hard_bounce():
    silent, bounced, complained = (make_person(n) for n in ("silent", "bounced", "complained"))
    suppress(kind="email", value=address_of(bounced), reason="invalid")
    suppress(kind="email", value=address_of(complained), reason="complaint")
    segment = make_segment(silent, bounced, complained)
    campaign = launched(segment, step={"purpose": "service"})
    assert [outcome(p, campaign) for p in (silent, bounced, complained)] == [
        "queued",
        "suppressed",
        "queued",
    ]


def test_variants_share_the_audience():
    people = [make_person(f"p{n}", bucket=n * 100) for n in range(100)]
    for person in people:
        say(person)
    content = {"subject": "Hi", "html": "<p>Hi</p>"}
    variants = [
        {"name": "A", "share": 0.25, "content": content},
        {"name": "B", "share": 0.75, "content": content},
    ]
    campaign = launched(make_segment(*people), step={"variants": variants})
    rows = Message.objects.filter(campaign_id=campaign.pk)
    assert rows.filter(variant="A").count() == 25
    assert rows.filter(variant="B").values("content_version_id").distinct().count() == 1


def _row(person, **fields):
    now = timezone.now()
    from consent.models import Purpose  # noqa: PLC0415 - of this test alone

    values = {
        "profile": person,
        "is_marketing": True,
        "purpose": Purpose.objects.get(slug="marketing"),
        "channel": "email",
        "state": "queued",
        "queued_at": now,
        "due_at": now,
        "expires_at": now,
    }
    return Message.objects.create(**values | fields)


def test_the_database_refuses_a_marketing_message_without_permission():
    ada, ben = make_person("ada"), make_person("ben")
    granted, denied = say(ada), say(ben, "denied")
    _row(ada, consent_entry_id=granted.id)
    _row(ben, state="excluded", reason="no_permission")
    _row(ben, is_marketing=False)
    for person, entry in ((ben, denied.id), (ben, granted.id), (ben, None)):
        with pytest.raises(IntegrityError), transaction.atomic():
            _row(person, consent_entry_id=entry)
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(profile=ben, state="excluded").update(state="queued")
