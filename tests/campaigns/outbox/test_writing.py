"""The outbox: one statement writes messages, and the gate says of one what it says of many."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from campaigns.models import ContactCount, Enrolment, Message, MessageChunk
from campaigns.outbox import fanout
from campaigns.services.single import send_message
from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace
from config.workspace.zones import workspace_zone
from consent.suppression.suppressing import suppress
from tests.campaigns.builders import (
    add_address,
    address_of,
    launched,
    make_person,
    make_segment,
    make_sender,
    say,
)

ROOT = Path(__file__).parents[3]
APPS = ("campaigns", "config", "consent", "profiles", "segments")
WRITES = re.compile(
    r"INSERT\s+INTO\s+\"?message\"?(?!\w)|COPY\s+\"?message\"?(?!\w)"
    r"|\bMessage\.objects\.(?:\w+\.)*(?:a?bulk_create|a?create|a?get_or_create|a?update_or_create)"
)
CONTENT = {"subject": "Hi", "text": "Hi."}


def test_one_statement_of_the_whole_project_writes_messages():
    found = [
        str(path.relative_to(ROOT))
        for app in APPS
        for path in sorted((ROOT / app).rglob("*.py"))
        if "migrations" not in path.parts
        for _each in WRITES.findall(path.read_text())
    ]
    assert found == ["campaigns/outbox/writing.py"]


def people() -> list:
    """One for each thing that the gate asks."""
    frozen = make_person("frozen", state="restricted")
    nowhere = make_person("nowhere", email_address=None)
    bounced, complained = make_person("bounced"), make_person("complained")
    suppress(kind="email", value=address_of(bounced), reason="hard_bounce")
    suppress(kind="email", value=address_of(complained), reason="complaint")
    silent, withdrew = make_person("silent"), make_person("withdrew")
    owner, fine = make_person("owner"), make_person("fine")
    kid = make_person("kid", email_address=None, traits={"email": " Owner@example.com"})
    abroad = make_person("abroad", time_zone="Pacific/Auckland")
    two = make_person("two", "old@example.com")
    say(two, point="old@example.com")
    add_address(two, "new@example.com")
    say(kid, point="owner@example.com")
    for person in (frozen, bounced, complained, withdrew, owner, fine, abroad):
        say(person)
    say(withdrew, "withdrawn")
    capped = make_person("capped")
    say(capped)
    launched(make_segment(capped, slug="before"), "before")
    return [
        frozen, nowhere, bounced, complained, silent, withdrew, fine, kid, abroad, two, capped,
    ]  # fmt: skip


def around_now(otherwise: str) -> dict:
    """Quiet hours where the workspace is, but not on the other side of the world."""
    now = timezone.now().astimezone(workspace_zone())
    start, end = now - timedelta(hours=1), now + timedelta(hours=1)
    return {"from": f"{start:%H:%M}", "to": f"{end:%H:%M}", "else": otherwise}


def set_up(**settings) -> None:
    row = Workspace.objects.get()
    row.settings = row.settings | settings
    row.save()
    forget_workspace()


def outcome(campaign_id: int | None, began) -> tuple:
    row = Message.objects.filter(campaign_id=campaign_id, queued_at__gte=began).get()
    chunk = MessageChunk.objects.filter(campaign_id=campaign_id, message_ids=[row.pk])
    counted = ContactCount.objects.filter(profile_id=row.profile_id).values_list("n", flat=True)
    held = row.due_at if row.due_at - began > timedelta(minutes=1) else None
    return (
        row.state, row.reason, row.address, row.consent_entry_id, held, row.is_marketing,
        list(chunk.values_list("due_at", flat=True)) == [row.due_at] * (row.state == "queued"),
        sum(counted),
    )  # fmt: skip


def by_campaign(person, purpose: str) -> tuple:
    began = timezone.now()
    segment = make_segment(person, slug=f"only-{purpose}")
    step = {"purpose": purpose, "expires_in": {"days": 1}}
    return outcome(launched(segment, "one", step=step).pk, began)


def by_itself(person, purpose: str) -> tuple:
    began = timezone.now()
    send_message(
        profile=person, channel="email", purpose=purpose, content=CONTENT, idempotency_key="k"
    )
    return outcome(None, began)


def undone(act, *args):
    """What it answers, and nothing of what it did."""
    with transaction.atomic():
        answer = act(*args)
        transaction.set_rollback(True)
    return answer


@pytest.mark.django_db
def test_the_gate_says_of_a_single_marketing_message_what_it_says_of_a_campaign_to_one(
    monkeypatch,
):
    monkeypatch.setattr(fanout, "refresh_statistics", lambda *tables: [])  # the slow part
    make_sender()
    everyone = people()
    once = {"email": {"count": 1, "per_days": 1}}
    rules = [(None, once), (around_now("hold"), {"email": None}), (around_now("drop"), once)]
    reasons = set()
    for hours, often in rules:
        set_up(quiet_hours=hours, contact_frequency=often)
        for person in everyone:
            single = undone(by_itself, person, "marketing")
            assert single == undone(by_campaign, person, "marketing"), (person.display_name, hours)
            reasons.add((single[1], bool(single[4])))
    set_up(quiet_hours=None)
    for person in everyone[:6]:
        assert undone(by_itself, person, "service") == undone(by_campaign, person, "service")
    named = {reason for reason, _held in reasons}
    assert named == {
        "", "frozen", "no_address", "suppressed", "no_permission", "capped", "quiet_hours",
    }  # fmt: skip
    assert ("", True) in reasons, "somebody is held until the morning"


@pytest.mark.django_db
def test_service_mail_is_waited_for_and_no_hour_holds_it():
    make_sender()
    set_up(quiet_hours=around_now("hold"))
    assert by_itself(make_person("ada"), "service")[:2] == ("queued", "")
    row = Message.objects.get()
    assert row.due_at == row.queued_at
    assert (row.expires_at - row.queued_at, row.lane, row.step) == (timedelta(days=1), 1, "")
    assert not Enrolment.objects.exists(), "nobody is in a campaign by it"
