"""Limits over all channels and by tag, on the person's own day; single sends ask the same gate."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from campaigns.models import Campaign, ContactCount, Message
from campaigns.outcomes.report import report
from campaigns.services.launching import cancel
from campaigns.services.rehearsing import rehearse
from campaigns.services.single import send_message
from config.demo.writing.past_clock import set_to
from config.workspace.frequency import Frequency, set_contact_frequency, set_tag_frequencies
from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace
from profiles.merging.merging import merge_people
from tests.campaigns.builders import (
    deliver_all,
    launched,
    make_campaign,
    make_person,
    make_segment,
    say,
)
from tests.campaigns.channels import pigeon

pytestmark = pytest.mark.django_db
COO = {"channel": pigeon.NAME, "content": {"text": "Coo {{ unsubscribe_url }}"}}


@pytest.fixture
def _pigeons(monkeypatch, tmp_path):
    with pigeon.registered(monkeypatch, tmp_path, ""):
        yield


def permitted(name: str, **fields):
    person = make_person(name, **fields)
    say(person)
    say(person, channel=pigeon.NAME, point="")
    return person


def got(campaign: Campaign) -> int:
    return Message.objects.filter(campaign_id=campaign.pk).exclude(state="excluded").count()


def counts() -> dict[tuple[str, str], int]:
    return {(row.channel, row.tag): row.n for row in ContactCount.objects.all()}


@pytest.mark.usefixtures("_pigeons")
def test_a_limit_over_all_channels_holds_beside_that_of_each():
    ada = permitted("ada")
    segment = make_segment(ada)
    set_contact_frequency("email", Frequency(5, 1))
    set_contact_frequency("total", Frequency(2, 1))
    assert got(launched(segment, "mail")) == 1
    note = launched(segment, "note", step=COO)
    assert got(note) == 1, "another channel has a limit of its own"
    assert got(launched(segment, "note-2", step=COO)) == 0, "one note a day"
    third = launched(segment, "third")
    assert got(third) == 0, "two in all"
    assert report(third)["excluded"]["capped"] == 1
    assert counts() == {("email", ""): 1, (pigeon.NAME, ""): 1}
    cancel(note)
    assert got(launched(segment, "fourth")) == 1, "what did not leave gives its place back"
    own = {"limits": [{"scope": "total", "count": 3, "per_days": 1}, {"count": 9, "per_days": 1}]}
    assert got(launched(segment, "own", caps=own)) == 1
    assert got(launched(segment, "own-2", caps=own)) == 0
    draft = make_campaign(segment, "draft", caps=own)
    assert rehearse(draft).excluded["capped"] == 1


@pytest.mark.usefixtures("_pigeons")
def test_tags_are_counted_as_they_were_launched_whatever_the_channel():
    ada = permitted("ada")
    segment = make_segment(ada)
    set_contact_frequency("email", None)
    set_contact_frequency(pigeon.NAME, None)
    set_tag_frequencies({"promo": Frequency(1, 7)})
    mail = launched(segment, "mail", step={"tags": ["promo", "news"]})
    assert got(mail) == 1
    assert counts() == {("email", ""): 1, ("email", "promo"): 1, ("email", "news"): 1}
    assert got(launched(segment, "note", step={**COO, "tags": ["promo"]})) == 0
    assert got(launched(segment, "untagged")) == 1
    assert got(launched(segment, "news", step={"tags": ["news"]})) == 1
    mail.current.steps[0]["tags"] = []
    mail.current.save()
    cancel(mail)
    assert counts() == {("email", ""): 2, ("email", "promo"): 0, ("email", "news"): 1}
    only = {"limits": [{"scope": "tag", "tag": "news", "count": 1, "per_days": 3}]}
    assert got(launched(segment, "by-news", caps=only)) == 0, "whether it has the tag or not"
    other = permitted("other")
    launched(make_segment(other, slug="other"), "to-other", step={"tags": ["promo"]})
    merge_people(survivor_id=ada.pk, absorbed_id=other.pk, rule="test", evidence={})
    assert counts() == {("email", ""): 3, ("email", "promo"): 1, ("email", "news"): 1}


def test_the_day_is_the_persons_own_else_the_workspaces():
    Workspace.objects.update(time_zone="Asia/Jakarta")
    forget_workspace()
    zones = {
        "far": "Pacific/Auckland", "near": "Asia/Jakarta", "late": "America/Los_Angeles",
        "odd": "Mars/Olympus", "none": "",
    }  # fmt: skip
    people = {name: permitted(name, time_zone=zone) for name, zone in zones.items()}
    segment = make_segment(*people.values())
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)  # 19:00 in Jakarta, 01:00 in Auckland, 04:00 in LA
    with set_to(noon):
        assert got(launched(segment, "first")) == 5
    days = dict(ContactCount.objects.values_list("profile__display_name", "day"))
    second, third = date(2026, 3, 2), date(2026, 3, 3)
    assert days == {"Far": third, "Near": second, "Late": second, "Odd": second, "None": second}

    def reached(slug: str, hours: float) -> set[str]:
        with set_to(noon + timedelta(hours=hours)):
            campaign = launched(segment, slug)
        rows = Message.objects.filter(campaign_id=campaign.pk).exclude(state="excluded")
        return set(rows.values_list("profile__display_name", flat=True))

    assert reached("evening", 4) == set(), "still the same day for each"
    assert reached("midnight", 6) == {"Near", "Odd", "None"}
    assert reached("later", 12) == set(), "13:00 in Auckland, of the day that was counted"
    assert reached("latest", 22) == {"Late"}, "02:00 in Los Angeles"
    assert reached("last", 24) == {"Far"}, "01:00 in Auckland again"


def test_a_place_is_given_back_on_the_day_that_it_was_counted_on(server):
    ada = permitted("ada", time_zone="Pacific/Auckland")
    with set_to(datetime(2026, 3, 2, 12, tzinfo=UTC)):
        campaign = launched(make_segment(ada))
    type(ada).objects.filter(pk=ada.pk).update(time_zone="America/Los_Angeles")
    cancel(campaign)
    row = ContactCount.objects.get()
    assert (row.day, row.n) == (date(2026, 3, 3), 0)


# --- one message to one person ------------------------------------------------------------------
MAIL = {"subject": "Boots", "text": "Boots {{ unsubscribe_url }}"}


def single(person, content=MAIL, purpose="marketing") -> str:
    key = f"{person.pk} {timezone.now()}"
    return send_message(
        profile=person, channel="email", purpose=purpose, content=content, idempotency_key=key
    )[0].reason


def test_a_single_marketing_message_asks_all_that_a_campaigns_does(server):
    ada = permitted("ada")
    set_contact_frequency("email", None)
    set_contact_frequency("total", Frequency(1, 1))
    assert [single(ada), single(ada), single(ada, purpose="service")] == ["", "capped", ""]
    set_contact_frequency("total", None)
    night = {"from": "00:00", "to": "23:59:59.999999", "else": "drop"}
    Workspace.objects.update(settings={"contact_frequency": {"email": None}, "quiet_hours": night})
    forget_workspace()
    assert [single(ada), single(ada, purpose="service")] == ["quiet_hours", ""]
    Workspace.objects.update(settings={"contact_frequency": {"email": None}, "holdout": 0.5})
    forget_workspace()
    people = [permitted(f"p{n:02}", bucket=n * 500) for n in range(20)]
    reasons = [single(person) for person in people]
    assert reasons.count("holdout") == 10
    assert [single(person) for person in people] == reasons, "the same people"
    assert {single(person, purpose="service") for person in people} == {""}
    campaign = launched(make_segment(*people), "all")
    kept = {
        "holdout" if row.reason == "holdout" else "" for row in _rows(campaign, people, reasons)
    }
    assert kept == {"holdout"}, "and in every campaign"
    assert got(campaign) == 10
    assert report(campaign)["control"]["people"] == 10
    deliver_all()
    assert len(server.mails) == Message.objects.filter(state="sent").count()


def _rows(campaign, people, reasons):
    held = [person.pk for person, reason in zip(people, reasons, strict=True) if reason]
    return Message.objects.filter(campaign_id=campaign.pk, profile_id__in=held)


def test_who_borrows_an_address_gets_no_second_copy_at_it():
    owner = permitted("owner")
    kid = make_person("kid", email_address=None, traits={"email": "owner@example.com"})
    say(kid, point="owner@example.com")
    set_contact_frequency("email", None)
    assert single(kid) == "", "nobody there had it"
    assert single(owner) == ""
    assert single(kid) == "duplicate_address"
    assert single(kid, {**MAIL, "subject": "Tents"}) == "", "another mail"
    assert single(kid, purpose="service") == ""
    Message.objects.filter(profile=owner).update(queued_at=timezone.now() - timedelta(days=2))
    assert single(kid) == "", "long ago"
