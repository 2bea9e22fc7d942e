"""Each number of the report opens its people, and they become a segment by one press."""

import re
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Message
from campaigns.outcomes.report import report
from config.workspace.models import Role
from consent.models import Purpose
from consent.models.purpose import MEASURING
from segments.models import Membership, Segment

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def counted(client, campaign, query: str = "") -> str:
    address = reverse("campaigns:report", args=[campaign.slug]) + query
    return client.get(address, headers=HTMX).content.decode()


@pytest.fixture
def seen(sent):
    """One of the delivered left and complained as well."""
    row = Message.objects.filter(state="sent").order_by("profile_id").last()
    now = timezone.now()
    Message.objects.filter(pk=row.pk, profile_id=row.profile_id).update(
        unsubscribed_at=now, complained_at=now
    )
    return sent


def test_each_rate_says_its_base(marketer, seen):
    page = " ".join(counted(marketer, seen).split())
    data = report(seen)
    for label, counted_, base in (
        ("Opened", "opened", f"of {data['measured']} who could be measured"),
        ("Clicked", "clicked", f"of {data['measured']} who could be measured"),
        ("Unsubscribed", "unsubscribed", f"of {data['delivered']} delivered"),
        ("Bounced", "bounced", f"of {data['sent']} handed over"),
        ("Complained", "complained", f"of {data['delivered']} delivered"),
    ):
        assert data[counted_] == 1
        door = rf'did={counted_}">1</a>'
        assert re.search(rf"<dt>{label}</dt>.{{1,120}}{door} {re.escape(base)}", page), label


def test_every_door_leads_to_as_many_as_it_says(marketer, seen):
    page = counted(marketer, seen)
    doors = re.findall(r'<a class="r-door" href="(/console/messages/[^"]*)">([\d,]+)</a>', page)
    assert len(doors) > 10
    for did in ("measured", "unmeasured", "unknown_opened", "writable"):
        assert any(f"did={did}" in url for url, _count in doors), did
    for url, count in doors:
        log = marketer.get(unescape(url))
        assert not log.context["asked"].wrong, url
        assert len(log.context["lines"]) == int(count), url


def test_the_people_behind_a_number_become_a_list(marketer, seen):
    kept = {"campaign": seen.slug, "did": "delivered"}
    log = marketer.get("/console/messages/", kept)
    assert "Make a segment of these people" in log.content.decode()
    answer = marketer.post(reverse("campaigns:keep_people"), kept)
    made = Segment.objects.get(name="spring: Delivered")
    assert answer.url.endswith(f"/{made.slug}/")
    people = Message.objects.filter(campaign_id=seen.pk, state="sent").values_list("profile_id")
    assert set(Membership.objects.filter(segment=made).values_list("profile_id")) == set(people)
    assert made.count == 8


def test_a_number_of_nobody_becomes_a_list_of_nobody(marketer, seen):
    Purpose.objects.filter(slug=MEASURING).update(slug="else")
    kept = {"campaign": seen.slug, "did": "measured"}
    assert marketer.post(reverse("campaigns:keep_people"), kept).status_code == 302
    assert Segment.objects.get(name="spring: Could be measured").count == 0


@pytest.mark.parametrize("given", [{}, {"campaign": "nope"}, {"did": "delivered", "state": "x"}])
def test_everybody_or_nobody_becomes_no_list(marketer, seen, given):
    before = Segment.objects.count()
    assert marketer.post(reverse("campaigns:keep_people"), given).status_code == 302
    assert Segment.objects.count() == before


def test_who_may_make_no_segment_is_not_offered_it(log_in, seen):
    rep = log_in(Role.SERVICE_REP)
    kept = {"campaign": seen.slug, "did": "delivered"}
    page = rep.get("/console/messages/", kept).content.decode()
    assert "Make a segment" not in page
    assert rep.post(reverse("campaigns:keep_people"), kept).status_code == 403


def test_the_last_ten_load_beside_it(marketer, seen):
    assert "?beside=1" in counted(marketer, seen)
    page = counted(marketer, seen, "?beside=1")
    assert "The first of its kind" in page


def test_whoever_saw_it_off_is_led_on_to_the_report_and_nobody_else(marketer, seen):
    polled = marketer.get(reverse("campaigns:progress", args=[seen.slug])).content.decode()
    assert f'data-moves-on="{reverse("campaigns:report", args=[seen.slug])}"' in polled
    assert "opens by itself" in polled
    opened = marketer.get(reverse("campaigns:step", args=[seen.slug, "launch"])).content.decode()
    assert "data-moves-on" not in opened
    assert "Get nothing, each for a reason" in opened
    assert "<dt>Left</dt>" not in opened
