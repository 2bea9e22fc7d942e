"""A campaign of several steps, made by the API, is shown as what it is."""

import json
from html.parser import HTMLParser

import pytest
from django.urls import reverse

from campaigns.models import Campaign
from campaigns.services.drafts import update_campaign
from campaigns.services.launching import launch
from tests.campaigns.builders import make_campaign, make_person, make_segment, say
from tests.campaigns.engine_builders import REMINDER, advance_all, let_pass

pytestmark = pytest.mark.django_db


class Text(HTMLParser):
    """What is read of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.words += data.split()

    def __str__(self) -> str:
        return " ".join(self.words)


def draft() -> Campaign:
    people = [make_person(name) for name in ("ada", "ben")]
    for person in people:
        say(person)
    segment = make_segment(*people)
    return make_campaign(segment, steps=REMINDER, caps={"unlimited": True})


def read(client, name: str, *args) -> str:
    answer = client.get(reverse(f"campaigns:{name}", args=args) + "?counted=1")
    assert answer.status_code == 200
    return str(Text(answer.content.decode()))


def test_each_step_is_shown_in_words_with_its_people(marketer):
    campaign = launch(draft())
    advance_all()
    page = read(marketer, "step", campaign.slug, "launch")
    assert "2 entered, 2 on the way" in page
    assert "Cancel for whoever is on the way" in page
    assert "Wait 2 days 2 are here now · 0 have passed" in page
    assert "Email: first for [first_name] 0 are here now · 2 have passed" in page
    assert "4 steps" in page
    let_pass(days=2)
    advance_all()
    report = read(marketer, "report", campaign.slug)
    assert "clicked (people who did Email Link Clicked" in report
    assert "): nothing more here 0 are here now · 2 have passed" in report
    assert "Everybody else Email: second for [first_name] 0 are here now · 2 have passed" in report
    assert "2 waiting" in report


def test_the_form_changes_the_first_message_and_loses_no_step(marketer):
    campaign = draft()
    page = read(marketer, "step", campaign.slug, "what")
    assert "This campaign has several steps." in page
    assert "Email: second for [first_name]" in page
    fields = {"kind": "html", "subject": "Anew", "source": "<p>x</p>", "text": ""}
    marketer.post(reverse("campaigns:step", args=[campaign.slug, "what"]), fields)
    campaign.refresh_from_db()
    assert campaign.steps[0]["content"]["subject"] == "Anew"
    assert campaign.steps[1:] == json.loads(json.dumps(REMINDER[1:]))
    update_campaign(campaign, {"steps": REMINDER[1:]})
    assert read(marketer, "step", campaign.slug, "who"), "a draft that begins with a wait"
