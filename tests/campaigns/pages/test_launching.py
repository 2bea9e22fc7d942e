"""Checks, launch, undo, and how it goes on."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign, Message
from campaigns.services.drafts import update_campaign
from campaigns.services.launching import launch, pause, take_up
from segments.models import Segment
from tests.campaigns.builders import (
    fan_out_all,
    hours,
    join,
    make_campaign,
    make_person,
    make_segment,
    make_sender,
    say,
    smtp_server,
)
from tests.campaigns.pages.conftest import people_of

pytestmark = pytest.mark.django_db


def url(name: str, campaign: Campaign, *more: str) -> str:
    return reverse(f"campaigns:{name}", args=[campaign.slug, *more])


@pytest.fixture
def campaign():
    people = people_of(3)
    restricted = make_person("restricted", state="restricted")
    return make_campaign(make_segment(*people, make_person("silent"), restricted))


def test_the_funnel_goes_from_audience_to_recipients_in_the_fixed_order(marketer, campaign):
    page = marketer.get(url("count", campaign)).content.decode()
    assert "Send to 3 of “everyone” now" in page
    labels = ["Person frozen", "No address", "Suppressed", "No permission", "Duplicate address"]
    labels += ["Contact frequency reached", "Quiet hours", "Too late", "Control group"]
    places = [page.index(f"<b>{label}</b>") for label in labels]
    assert places == sorted(places)
    assert page.count("is-zero") == 7, "those without a loss stay, greyed"
    assert url("left_out", campaign, "no_permission") in page


def test_a_loss_opens_its_people(marketer, campaign):
    page = marketer.get(url("left_out", campaign, "no_permission")).content.decode()
    assert "Silent" in page
    assert "P0<" not in page  # a token of the form may hold these two letters
    frozen = marketer.get(url("left_out", campaign, "frozen")).content.decode()
    assert "Restricted" in frozen
    assert marketer.get(url("left_out", campaign, "duplicate_address")).status_code == 200
    assert marketer.get(url("left_out", campaign, "nonsense")).status_code == 404


def test_an_empty_draft_says_what_is_missing(marketer):
    campaign = Campaign.objects.create(slug="blank", name="Blank")
    page = marketer.get(url("count", campaign)).content.decode()
    assert "Nobody is chosen yet" in page
    assert "Not ready to send" in page
    answer = marketer.post(url("launch", campaign), follow=True)
    assert b"Not launched" in answer.content
    campaign.refresh_from_db()
    assert campaign.status == "draft"


def test_a_draft_with_an_audience_and_no_message_asks_for_the_message(marketer, campaign):
    campaign.steps = []
    campaign.save()
    for place in ("checks", "launch"):
        page = marketer.get(url("count", campaign), {"on": place}).content.decode()
        assert "There is no message yet" in page and "Nobody is chosen" not in page, place
    assert "Write the message" in page


def test_a_sender_without_postal_address_stands_in_the_way_with_its_remedy(marketer, campaign):
    sender = make_sender()
    sender.postal_address = ""
    sender.save()
    page = marketer.get(url("count", campaign)).content.decode()
    assert "Not ready to send" in page
    assert reverse("admin:campaigns_sender_change", args=[sender.pk]) in page


def test_a_launch_is_held_and_can_be_undone(marketer, campaign, settings):
    settings.CONSOLE_HOLD_SECONDS = 60
    answer = marketer.post(url("launch", campaign), follow=True)
    page = answer.content.decode()
    assert "Nothing has left yet" in page
    assert url("undo", campaign) in page
    campaign.refresh_from_db()
    assert campaign.status == "held"
    assert 55 < (campaign.hold_until - timezone.now()).total_seconds() <= 60
    for here in ("who", "what", "when", "checks"):
        assert url("undo", campaign) in marketer.get(url("step", campaign, here)).content.decode()
    marketer.post(url("undo", campaign))
    campaign.refresh_from_db()
    assert campaign.status == "draft"
    assert not Message.objects.exists()


def test_what_was_launched_is_not_changed_any_more(marketer, campaign):
    marketer.post(url("launch", campaign))
    typed = {"name": "New", "segment": "everyone", "purpose": "marketing", "holdout": "0"}
    assert marketer.post(url("step", campaign, "who"), typed).status_code == 409
    part = marketer.post(url("step", campaign, "who"), typed, headers={"HX-Request": "true"})
    assert b"not a draft any more" in part.content


def shown_by(page: str) -> dict[str, str]:
    """What the form with the button posts."""
    form = page.split('<form class="r-cmp-go"')[1].split("</form>", maxsplit=1)[0]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))


def test_the_button_names_whom_it_sends_to_and_posts_all_that_was_shown(marketer, campaign):
    page = marketer.get(f"{url('count', campaign)}?on=launch").content.decode()
    assert "3 of the 5 people in “everyone” get this mail as soon as you say so" in page
    shown = shown_by(page)
    del shown["csrfmiddlewaretoken"]
    assert shown == {
        "on": "launch", "revision": "1", "segment": "everyone", "rule": "1", "recipients": "3",
    }  # fmt: skip
    marketer.post(url("launch", campaign), shown)
    campaign.refresh_from_db()
    assert campaign.status == "held"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("draft", "was changed since you opened this page"),
        ("segment", "The audience is the segment other now, not everyone"),
        ("rule", "The rule of “everyone” was changed"),
        ("people", "4 people would get it now; 3 were shown"),
    ],
)
def test_what_is_otherwise_than_it_was_shown_is_not_launched(marketer, campaign, change, words):
    page = marketer.get(f"{url('count', campaign)}?on=launch").content.decode()
    shown = shown_by(page)
    if change == "draft":
        update_campaign(campaign, {"name": "Another"})
    elif change == "segment":
        others = [make_person(name) for name in ("x", "y", "z")]
        for person in others:
            say(person)
        make_segment(*others, slug="other")
        entry = {"kind": "segment", "segment": "other"}
        shown["revision"] = str(update_campaign(campaign, {"entry": entry}).revision)
    elif change == "rule":
        Segment.objects.update(version=2, counted_version=2)
    else:
        newcomer = make_person("newcomer")
        say(newcomer)
        join(Segment.objects.get(), newcomer)
    answer = marketer.post(url("launch", campaign), shown, follow=True)
    assert words in answer.content.decode()
    assert answer.redirect_chain[-1][0] == f"{url('step', campaign, 'launch')}?was=3"
    campaign.refresh_from_db()
    assert campaign.status == "draft"
    assert not campaign.versions.exists()
    again = marketer.get(f"{url('count', campaign)}?on=launch&was=3").content.decode()
    assert ("3 were shown before" in again) == (change == "people"), (
        "the old number beside the new one"
    )
    marketer.post(url("launch", campaign), shown_by(again))
    campaign.refresh_from_db()
    assert campaign.status == "held", "one more press"


def test_a_live_segment_does_not_refuse_for_ever(marketer, campaign):
    """Who saw the number move and presses again launches what goes on moving as it did."""
    segment = Segment.objects.get()

    def one_more():
        newcomer = make_person()
        say(newcomer)
        join(segment, newcomer)

    shown = shown_by(marketer.get(f"{url('count', campaign)}?on=launch").content.decode())
    one_more()
    part = marketer.get(f"{url('number', campaign)}?on=launch&revision=1&recipients=3")
    shown = shown_by(part.content.decode())
    assert (shown["recipients"], shown["was"]) == ("4", "3"), "the page keeps its number fresh"
    assert "4 of the 6 people" in part.content.decode()
    one_more()
    one_more()
    assert (
        b"6 people would get it now; 4 were shown"
        in marketer.post(url("launch", campaign), shown, follow=True).content
    )
    again = marketer.get(f"{url('count', campaign)}?on=launch&was=4").content.decode()
    one_more()
    marketer.post(url("launch", campaign), shown_by(again))
    campaign.refresh_from_db()
    assert campaign.status == "held"


def test_while_a_new_rule_is_being_counted_there_is_no_number_to_send_to(marketer, campaign):
    shown = shown_by(marketer.get(f"{url('count', campaign)}?on=launch").content.decode())
    Segment.objects.update(version=2, counted_version=1)
    answer = marketer.post(url("launch", campaign), shown, follow=True)
    assert "is being counted by its new rule" in answer.content.decode()
    part = marketer.get(f"{url('number', campaign)}?on=launch&revision=1&recipients=3")
    assert b"Counting by the new rule" in part.content
    assert b"every 3s" in part.content, "it asks again soon"
    Segment.objects.update(counted_version=2)
    part = marketer.get(f"{url('number', campaign)}?on=launch&revision=1&recipients=3")
    shown = shown_by(part.content.decode())
    assert shown["rule"] == "2"
    marketer.post(url("launch", campaign), shown)
    campaign.refresh_from_db()
    assert campaign.status == "held"


def test_a_page_whose_draft_was_changed_offers_to_look_instead_of_a_number(marketer, campaign):
    update_campaign(campaign, {"name": "Another"})
    part = marketer.get(f"{url('number', campaign)}?on=launch&revision=1&recipients=3")
    assert b"Changed meanwhile" in part.content
    assert b"hx-trigger" not in part.content
    assert b"<form" not in part.content


def test_a_second_press_does_nothing_twice(marketer, campaign):
    marketer.post(url("launch", campaign))
    answer = marketer.post(url("launch", campaign), follow=True)
    assert answer.status_code == 200
    assert campaign.versions.count() == 1


def test_a_schedule_says_when_and_in_whose_zone(marketer, campaign):
    launch(campaign, at=timezone.now() + hours(30))
    page = marketer.get(url("step", campaign, "launch")).content.decode()
    assert "by the clock of UTC" in page
    assert "make it a draft again" in page


def test_pause_go_on_and_cancel_are_said_honestly(marketer, campaign):
    with smtp_server():
        launch(campaign)
        fan_out_all()
        page = marketer.get(url("progress", campaign)).content.decode()
        assert "0 of 3 are handed over" in page
        assert 'hx-trigger="every 2s"' in page
        marketer.post(url("pause", campaign))
        page = marketer.get(url("step", campaign, "launch")).content.decode()
        assert "By hand" in page
        marketer.post(url("resume", campaign))
        campaign.refresh_from_db()
        pause(campaign, reason="5 % bounced: <b>the list</b>")
        page = marketer.get(url("step", campaign, "launch")).content.decode()
        assert "5 % bounced: &lt;b&gt;" in page
        assert "Cancel for the 3 who wait" in page
        marketer.post(url("cancel", campaign))
        page = marketer.get(url("step", campaign, "launch")).content.decode()
        assert "Cancelled" in page
        assert "hx-trigger" not in page.split('id="progress"')[1][:300]


def test_after_the_launch_the_checks_say_what_was(marketer, campaign):
    Campaign.objects.filter(pk=campaign.pk).update(caps={"count": 1, "per_days": 7})
    campaign.refresh_from_db()
    launch(campaign)
    take_up()
    fan_out_all()
    page = marketer.get(url("count", campaign)).content.decode()
    assert "Were to get this email" in page
    assert "messages/?campaign=spring&amp;reason=no_permission" in page


def test_checks_cost_no_query_a_person(marketer, django_assert_max_num_queries):
    few = make_campaign(make_segment(*people_of(3), slug="few"), "few")
    many_people = [make_person(f"m{n}", traits={"first_name": f"M{n}"}) for n in range(40)]
    for person in many_people:
        say(person)
    many = make_campaign(make_segment(*many_people, slug="many"), "many")
    for campaign in (few, many):
        with django_assert_max_num_queries(60):
            marketer.get(url("count", campaign))
