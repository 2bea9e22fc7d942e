"""A test to myself: the same mail, for real, and no trace of anybody."""

import re

import pytest
from django.apps import apps
from django.test import override_settings
from django.urls import reverse

from campaigns.channels.email import channel
from campaigns.channels.email.smtp import Timeouts
from campaigns.delivery import send_test
from campaigns.models import Campaign
from config.home.checklist import checklist
from config.workspace.models import AuditEntry, User
from consent.models import ConsentEntry, Purpose
from consent.suppression.suppressing import suppress
from profiles.models import Profile
from tests.campaigns.builders import (
    HTML,
    deliver_all,
    launched,
    make_campaign,
    make_person,
    make_segment,
    say,
    smtp_server,
)
from tests.campaigns.hostile_servers import hostile

pytestmark = pytest.mark.django_db
NOT_OURS = {"audit_entry", "django_session", "secret"}


@pytest.fixture
def zebulon():
    person = make_person("zebulon", traits={"first_name": "Zebulon", "code": "SPRING"})
    say(person)
    say(person, purpose="measuring")
    return person


@pytest.fixture
def campaign(zebulon):
    return make_campaign(make_segment(make_person("other"), zebulon))


def send(client, campaign: Campaign, **posted):
    address = reverse("campaigns:test", args=[campaign.slug])
    return client.post(address, posted, follow=True).content.decode()


def rows() -> dict[str, int]:
    tables = {model._meta.db_table: model for model in apps.get_models()}
    return {name: model.objects.count() for name, model in tables.items() if name not in NOT_OURS}


def body_of(mail, kind: str = "html") -> str:
    return mail.get_body(preferencelist=(kind,)).get_content()


def test_a_server_that_hangs_is_said_soon_and_holds_few_pages(marketer, campaign, monkeypatch):
    longest = channel.HURRIED
    assert longest.connect + longest.reply + longest.accept < 10, "somebody waits"
    monkeypatch.setattr(channel, "HURRIED", Timeouts(5.0, 0.2, 5.0))
    with hostile("rcpt"):
        page = send(marketer, campaign)
        assert "The test was not sent: no answer within 0.2 s (RCPT TO)" in page
        for _ in range(send_test.AT_ONCE):
            assert send_test._at_once.acquire(blocking=False), "it gave its place back"
        try:
            assert "other tests are just being sent" in send(marketer, campaign)
        finally:
            send_test._at_once.release(send_test.AT_ONCE)
    monkeypatch.setattr(channel, "HURRIED", Timeouts(5.0, 5.0, 0.2))
    with hostile("dot"):
        page = send(marketer, campaign)
        assert "Nobody knows whether the test left" in page


def test_it_is_the_mail_that_the_chosen_person_gets_and_leaves_no_row(marketer, campaign, zebulon):
    with smtp_server() as server:
        before = rows()
        page = send(marketer, campaign, **{"as": str(zebulon.public_id)})
        assert "On its way to me@shop.example" in page
        assert rows() == before
        assert server.counts == {"me@shop.example": 1}
        test = server.message()
        assert test["Subject"] == "[Test] Tents, Zebulon"
        assert test["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        launched(make_segment(make_person("zebulon", "z@example.com"), slug="s"), "real")
        say(made := Profile.objects.latest("pk"))
        launched(make_segment(made, slug="r"), "spring2")
        deliver_all()
        real = server.message(-1)
    assert real["To"].endswith("z@example.com>")
    assert plain(body_of(test)) == plain(body_of(real))
    assert test["From"] == real["From"]


def plain(html: str) -> str:
    """Without what is of one message and one campaign."""
    html = re.sub(r"/(u|preferences)/[\w-]+/", r"/\1/TOKEN/", html)
    return re.sub(r"utm_campaign=\w+", "utm_campaign=NAME", html)


def test_what_is_recorded_names_no_value(marketer, campaign, zebulon):
    with smtp_server():
        send(marketer, campaign, **{"as": str(zebulon.public_id)})
    told = AuditEntry.objects.filter(target=campaign.slug, action__in=["send_test"])
    assert [entry.detail for entry in told] == [{"outcome": "sent"}]
    assert "Zebulon" not in str(list(AuditEntry.objects.values()))
    assert "me@shop.example" not in str(list(AuditEntry.objects.values()))
    ticks = {tick.name: tick.done for tick in checklist(User.objects.get(pk=told[0].actor_id))}
    assert ticks["mail"], "Home knows that a test was sent"


@pytest.mark.parametrize("language", ["en", "id"])
def test_its_links_act_on_nobody_and_say_so(marketer, client, campaign, zebulon, language):
    step = campaign.steps[0]
    step["content"]["html"] = HTML.replace(
        "</body>", "<a href='{{ preferences_url }}'>P</a></body>"
    )
    Campaign.objects.update(steps=[step])
    with smtp_server() as server:
        send(marketer, campaign, **{"as": str(zebulon.public_id)})
    html = body_of(server.message())
    before = ConsentEntry.objects.count()
    header = re.search(r"/u/[\w-]+/", server.message()["List-Unsubscribe"])
    links = {header[0], *re.findall(r"/(?:u|preferences)/[\w-]+/", html)}
    assert len({link.split("/")[1] for link in links}) == 2, "a way out, and a choice"
    for link in links:
        for answer in (
            client.get(f"{link}?lang={language}", headers={"Sec-GPC": "1"}),
            client.post(f"{link}?lang={language}", {"List-Unsubscribe": "One-Click"}),
            client.post(f"{link}?lang={language}", {"action": "stop"}),
        ):
            assert answer.status_code == 200
            assert f'<html lang="{language}"' in answer.content.decode()
            assert answer.content.decode().count("<form") == 0
    assert ConsentEntry.objects.count() == before
    assert "This was a test mail" in client.get(f"{links.pop()}?lang=en").content.decode()
    assert 'href="https://shop.example/tents?utm_campaign=spring"' in html
    assert "/t/" not in html


def test_what_the_mail_server_says_is_said(marketer, campaign):
    with smtp_server() as server:
        server.refusals["me@shop.example"] = ["550 5.1.1 no such mailbox here"]
        assert "no such mailbox here" in send(marketer, campaign)
    assert not server.mails
    with override_settings(EMAIL_URL="smtp://127.0.0.1:9"):
        assert "The test was not sent" in send(marketer, campaign)


def test_nothing_goes_to_an_address_of_which_everything_stops(marketer, campaign):
    suppress(kind="email", value="me@shop.example", reason="hard_bounce")
    with smtp_server() as server:
        assert "suppressed (Hard bounce)" in send(marketer, campaign)
    assert not server.mails


def campaign_purpose() -> int:
    return Purpose.objects.get(slug="service").pk
