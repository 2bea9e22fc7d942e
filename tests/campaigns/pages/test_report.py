"""The report and the list: the answer first, numbers that are doors, few queries."""

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from campaigns.models import Campaign, Message
from campaigns.outcomes.report import report
from campaigns.pages.report.estimates import points, scale_of
from campaigns.pages.report.report import counts_until
from campaigns.pages.report.report_base import measured_of
from config.workspace.models import Role
from profiles.selectors.masking import Shown
from tests.campaigns.builders import (
    fan_out_all,
    launched,
    make_campaign,
    make_person,
    make_segment,
    say,
)
from tests.campaigns.pages.conftest import people_of
from tests.cast import make_event

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def counted(client, campaign) -> str:
    address = reverse("campaigns:report", args=[campaign.slug])
    return client.get(address, headers=HTMX).content.decode()


def test_without_a_control_group_the_answer_is_who_did_it_after_a_click(marketer, sent):
    page = counted(marketer, sent)
    assert '<span class="r-answer-n">1</span> person did Order Completed after a click' in page
    assert "<b>33.3 %</b> of the 3 who could be measured" in page
    assert "€80.00" in page
    assert "last click within 5 days" in page


def test_every_loss_has_its_reason_and_its_door(marketer, sent):
    page = counted(marketer, sent)
    assert "/console/messages/?campaign=spring&amp;reason=no_permission" in page
    assert "/console/messages/?campaign=spring&amp;state=bounced" in page
    assert "550 5.1.1" in page
    assert "p8@example.com" not in page, "what a provider says may name the address"


def test_rates_name_the_base_of_those_we_may_measure(marketer, sent):
    measured = measured_of(sent, report(sent), Shown(personal=True))
    assert (measured.base, measured.unmeasured, measured.unknown_opens) == (3, 5, 1)
    assert "of <b>3</b> we may measure" in counted(marketer, sent)


def test_it_says_until_when_it_counts(marketer, sent):
    head = marketer.get(reverse("campaigns:report", args=[sent.slug])).content.decode()
    assert "counting until" in head
    Campaign.objects.filter(pk=sent.pk).update(finished_at="2026-01-01T00:00Z")
    sent.refresh_from_db()
    assert counts_until(sent) is None


def test_with_a_control_group_the_answer_is_the_lift(marketer):
    people = people_of(40)
    campaign = launched(make_segment(*people), holdout=0.5, goal={"event": "Order Completed"})
    fan_out_all()
    written = Message.objects.filter(campaign_id=campaign.pk, state="queued")
    now = campaign.launched_at
    for message in written:
        Message.objects.filter(profile_id=message.profile_id).update(state="sent", sent_at=now)
        make_event(message.profile, "Order Completed", at=now, total=10)
    test = Message.objects.filter(campaign_id=campaign.pk, state="sent").first()
    test.pk, test.public_id, test.is_test, test.enrolment_id = None, uuid.uuid4(), True, None
    test.save()
    page = counted(marketer, campaign)
    assert "+100.0 points" in page
    assert "did=left" in page
    assert "more buyers than the control group" in page
    assert "How is this counted?" in page


def test_both_arms_count_orders_that_stand_and_meet_the_goal(marketer):
    """Given back whole, too small for the goal, or only a refund: no buyer, in either arm."""
    people = [make_person(f"b{number}", bucket=number * 500) for number in range(20)]
    for person in people:
        say(person)
    goal = {
        "event": "Order Completed",
        "where": [{"property": "revenue", "op": "gte", "value": 10}],
    }
    campaign = launched(make_segment(*people), holdout=0.5, goal=goal)
    now = timezone.now()
    Message.objects.filter(campaign_id=campaign.pk, state="queued").update(
        state="sent", sent_at=now
    )
    for control in (False, True):
        arm = Message.objects.filter(
            campaign_id=campaign.pk, state="excluded" if control else "sent"
        )
        keeps, gives_back, buys_little, only_refunds, gives_some = [one.profile for one in arm[:5]]
        for number, person in enumerate((keeps, gives_back, buys_little, gives_some)):
            amount = 5 if person == buys_little else 40
            make_event(person, "Order Completed", at=now, revenue=amount, order_id=f"o{number}")
        for person, order, amount in (
            (gives_back, "o1", 40),
            (only_refunds, "x", 9),
            (gives_some, "o3", 15),
        ):
            make_event(person, "Order Refunded", at=now, revenue=amount, order_id=order)
    found = report(campaign)
    assert found["control"] == {"people": 10, "converted": 2, "rate": 0.2, "revenue": 65.0}
    assert (found["lift"]["rate"], found["lift"]["control_rate"]) == (0.2, 0.2)
    assert found["lift"]["incremental_revenue"] == 0


def test_a_draft_has_no_report(marketer):
    campaign = make_campaign(make_segment(*people_of(1)))
    answer = marketer.get(reverse("campaigns:report", args=[campaign.slug]))
    assert answer["Location"] == reverse("campaigns:detail", args=[campaign.slug])


@pytest.mark.parametrize("low", [-0.2, 0.01, -0.001])
def test_the_picture_holds_nought_and_the_whole_interval(low):
    scale = scale_of(low + 0.02, low, low + 0.05)
    for x in (scale.zero, scale.low, scale.high, scale.at):
        assert 0 <= float(x) <= 460
    assert float(scale.low) < float(scale.at) < float(scale.high)
    assert points(-0.031) == "\N{MINUS SIGN}3.1"
    with translation.override("id"):
        assert points(0.031) == "+3,1"
        assert [text for _x, text in scale_of(0.002, -0.001, 0.004).ticks] == ["+0,2", "+0,4"]


def test_the_report_costs_few_queries(marketer, sent, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        counted(marketer, sent)


def test_the_list_counts_all_campaigns_at_once(marketer, sent, django_assert_max_num_queries):
    page = marketer.get(f"{reverse('campaigns:list')}?figures=1").content.decode()
    assert "did=left" in page
    assert ">9</a>" in page
    for number in range(12):
        make_campaign(make_segment(slug=f"s{number}"), f"c{number}")
    with django_assert_max_num_queries(8):
        marketer.get(f"{reverse('campaigns:list')}?figures=1")


def test_the_list_is_leafed_by_cursor_and_narrowed_by_status(marketer, sent):
    segment = make_segment(slug="other")
    for number in range(26):
        make_campaign(segment, f"c{number}")
    first = marketer.get(reverse("campaigns:list")).content.decode()
    assert "before=" in first
    assert reverse("campaigns:detail", args=["spring"]) not in first
    last = Campaign.objects.get(slug="c1").pk
    assert "spring" in marketer.get(f"{reverse('campaigns:list')}?before={last}").content.decode()
    assert (
        "/c3/" not in marketer.get(f"{reverse('campaigns:list')}?status=finished").content.decode()
    )
    assert marketer.get(f"{reverse('campaigns:list')}?before=x&status=y").status_code == 200


def test_an_analyst_reads_the_report_and_cannot_copy(log_in, sent):
    client = log_in(Role.ANALYST)
    page = client.get(reverse("campaigns:report", args=[sent.slug])).content.decode()
    assert reverse("campaigns:copy", args=[sent.slug]) not in page
