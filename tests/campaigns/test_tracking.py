"""Opens, clicks, unsubscribes, conversions and the report, through the real pages and the inbox."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Message
from campaigns.outcomes.agents import clicked_by, opened_by
from campaigns.outcomes.events import internal_source
from campaigns.outcomes.progress import progress
from campaigns.outcomes.report import ArmFigures, lift_of, report
from campaigns.pages.listing import figures_of
from campaigns.services.single import send_message
from config.workspace.work.due import WORK
from consent.models import ConsentEntry
from consent.reach import contactable
from profiles.ingest.inbox import accept
from profiles.models import Event, Inbox, Merge, Profile
from tests.campaigns.builders import (
    add_address,
    deliver_all,
    hours,
    launched,
    make_person,
    make_segment,
    say,
    smtp_server,
)
from tests.cast import absorb

pytestmark = pytest.mark.django_db
HUMAN = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15"


@pytest.fixture
def mail():
    """Ada, who may be measured, got a mail: (person, links in it, campaign)."""
    with smtp_server() as server:
        ada = make_person("ada")
        add_address(ada, str(ada.public_id), "rapport_id")
        say(ada)
        say(ada, purpose="measuring")
        goal = {
            "event": "Order Completed",
            "where": [{"property": "revenue", "op": "gt", "value": 5}],
        }
        campaign = launched(make_segment(ada), goal=goal)
        deliver_all()
        html = server.message().get_body(("html",)).get_content()
        links = re.findall(r'(?:href|src)="http://testserver(/[^"]+)"', html)
        yield ada, links, campaign, server


def only(links, part):
    return next(link for link in links if part in link)


def get(path, agent=HUMAN, method="get", **headers):
    client = Client(headers={"user-agent": agent, **headers})
    return getattr(client, method)(path)


def row(person) -> Message:
    return Message.objects.get(profile=person)


def told(name: str) -> int:
    return sum(bytes(call.body).count(f'"event":"{name}"'.encode()) for call in Inbox.objects.all())


def test_an_open_is_counted_once_and_told_once(mail):
    ada, links, *_ = mail
    pixel = only(links, "/t/o/")
    assert get(pixel, method="head").status_code == 200
    assert row(ada).opened_at is None
    response = get(pixel)
    assert (response["Content-Type"], response.status_code) == ("image/gif", 200)
    first = row(ada).opened_at
    assert first
    get(pixel)
    assert row(ada).opened_at == first
    assert told("Email Opened") == 1
    assert get("/t/o/notatoken1234567890.gif").status_code == 200


def test_a_click_leads_to_the_links_of_the_mail_and_nowhere_else(mail):
    ada, links, *_ = mail
    link = only(links, "/t/c/")
    response = get(link)
    assert response.status_code == 302
    assert response["Location"] == "https://shop.example/tents?utm_campaign=spring"
    assert row(ada).clicked_at
    assert told("Email Link Clicked") == 1
    base = link.rstrip("/").rsplit("/", 1)[0]
    assert get(f"{base}/99").status_code == 404
    assert get(f"{base}/0?url=https://evil.example/")["Location"].startswith("https://shop.example")
    assert get(f"/t/c/{'A' * 30}/0").status_code == 404


def test_machines_are_told_apart(mail):
    ada, links, *_ = mail
    link = only(links, "/t/c/")
    get(link, method="head")
    assert row(ada).clicked_at is None
    assert row(ada).machine_clicked_at
    assert opened_by("Mozilla/5.0") == "unknown"
    assert opened_by("Mozilla/5.0 (via ggpht.com GoogleImageProxy)") == "human"
    assert clicked_by("Barracuda Sentinel", "GET") == "machine"
    assert clicked_by(HUMAN, "GET") == "human"
    get(only(links, "/t/o/"), agent="Mozilla/5.0")
    assert row(ada).opened_at is None
    assert row(ada).data["unknown_open"]


def test_one_click_unsubscribe(mail):
    ada, _links, campaign, server = mail
    header = server.message()["List-Unsubscribe"]
    path = re.search(r"http://testserver(/u/[^>]+)", header)[1]
    page = get(path)
    assert page.status_code == 200
    assert "ada@example.com" not in page.content.decode()
    assert _may(ada), "GET never unsubscribes"
    client = Client(enforce_csrf_checks=True)
    body = {"List-Unsubscribe": "One-Click"}
    response = client.post(path, body)  # multipart
    assert (response.status_code, response.cookies) == (200, {})
    assert not _may(ada)
    count = ConsentEntry.objects.count()
    again = client.post(
        path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert again.status_code == 200
    assert ConsentEntry.objects.count() == count
    assert row(ada).unsubscribed_at
    assert told("Unsubscribed") == 1
    assert client.post("/u/" + "A" * 30 + "/").status_code == 404
    assert report(campaign)["unsubscribed"] == 1


def _may(person) -> bool:
    rows = contactable(Profile.objects.all(), purpose="marketing", channel="email")
    return rows.filter(pk=person.pk).exists()


def order(ada, order_id, revenue, name="Order Completed", at=None):
    accept(
        internal_source(),
        [
            {
                "type": "track",
                "event": name,
                "properties": {"order_id": order_id}
                | ({"revenue": revenue} if revenue is not None else {}),
                "timestamp": (at or timezone.now()).isoformat(),
                "context": {"externalIds": [{"type": "rapport_id", "id": str(ada.public_id)}]},
            }
        ],
    )
    ingest()


def ingest():
    while WORK.get("ingest")():
        pass


@pytest.mark.skipif("WORK.get('ingest') is None", reason="the inbox is not worked off yet")
def test_conversions_are_credited_to_the_last_click_once_and_refunds_subtract(mail):
    ada, links, campaign, _server = mail
    order(ada, "before", 10)
    assert row(ada).converted_at is None
    get(only(links, "/t/c/"))
    order(ada, "o1", 20.0)
    order(ada, "o1", 20.0)
    order(ada, "small", 3.0)
    order(ada, "late", 50.0, at=timezone.now() + hours(200))
    found = report(campaign)
    assert found["converted"] == 1
    assert found["revenue"] == pytest.approx(70.0)  # a time after receipt is clamped to it
    order(ada, "o1", 5.0, name="Order Refunded")
    assert report(campaign)["revenue"] == pytest.approx(65.0)
    assert Event.objects.filter(profile_id=ada.pk, name="Email Link Clicked").count() == 1


def come_of(campaign) -> tuple[int, float]:
    """Converted and revenue, the same in the report, its API and the list."""
    found = report(campaign)
    listed = figures_of([campaign])[campaign.pk]
    assert (listed["converted"], listed["revenue"] or 0) == (found["converted"], found["revenue"])
    return found["converted"], round(found["revenue"], 2)


def test_what_was_given_back_whole_is_no_conversion(mail):
    ada, links, campaign, _server = mail
    order(ada, "old", 30)
    get(only(links, "/t/c/"))
    order(ada, "old", 30, name="Order Refunded")
    assert come_of(campaign) == (0, 0), "a refund of what the mail did not bring"
    order(ada, "o1", 20)
    first = row(ada).converted_at
    order(ada, "o2", 50)
    assert come_of(campaign) == (1, 70)
    order(ada, "o1", 8, name="Order Refunded")
    assert come_of(campaign) == (1, 62)
    order(ada, "o1", 12, name="Order Refunded")
    assert come_of(campaign) == (1, 50), "the second order stands"
    assert row(ada).converted_at > first
    order(ada, "o2", None, name="Order Cancelled")
    assert come_of(campaign) == (0, 0), "a cancellation without an amount takes all of it back"
    assert row(ada).converted_at is None


def test_orders_that_a_single_mail_names_are_not_what_a_campaign_brought(mail):
    ada, links, campaign, _server = mail
    get(only(links, "/t/c/"))
    content = {"subject": "Your order", "text": "{{ orders[0] }}"}
    sent, _is_new = send_message(
        profile=ada, channel="email", content=content, data={"orders": ["o1"]}, idempotency_key="k"
    )
    before = {"orders": ["o2"]}  # as it was kept before
    for number, kept, revenue in (("o1", sent.data, 20), ("o2", before, 35)):
        Message.objects.filter(pk=sent.pk).update(data=kept)
        order(ada, number, 20)
        assert come_of(campaign) == (1, revenue)
        order(ada, number, 5, name="Order Refunded")
        assert not Inbox.objects.exists()
        assert come_of(campaign) == (1, revenue - 5)


def test_a_refund_that_came_in_before_its_order_takes_it_back_as_well(mail):
    ada, links, campaign, _server = mail
    get(only(links, "/t/c/"))
    order(ada, "o1", 20, name="Order Refunded")
    order(ada, "o1", 20)
    assert come_of(campaign) == (0, 0)


def test_after_a_merge_orders_and_refunds_find_the_mail_of_either_person(mail):
    ada, links, campaign, _server = mail
    get(only(links, "/t/c/"))
    survivor = make_person("grace")
    add_address(survivor, str(survivor.public_id), "rapport_id")
    order(ada, "o1", 20)
    Merge.objects.create(
        survivor_id=survivor.pk, absorbed_id=ada.pk, absorbed_public_id=ada.public_id, rule="test"
    )
    absorb(survivor, ada)
    order(survivor, "o2", 30)
    assert come_of(campaign) == (1, 50)
    order(survivor, "o1", 20, name="Order Refunded")
    order(survivor, "o2", 30, name="Order Refunded")
    assert come_of(campaign) == (0, 0)


def test_lift_with_its_interval():
    lift = lift_of(ArmFigures(9000, 900, 950, 9500.0), ArmFigures(1000, 70, 75, 700.0))
    assert lift["difference"] == pytest.approx(0.03)
    assert lift["low"] < 0.03 < lift["high"]
    assert lift["incremental_conversions"] == pytest.approx(900 - 70 * 9)
    assert lift["change"] == pytest.approx(3 / 7)


def test_the_interval_of_a_lift_is_newcombes():
    """Table II of Newcombe (1998), method 10, and small arms of whom nobody did it."""
    for treated, control, low, high in (
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ):
        arms = [ArmFigures(people, did, did, 0.0) for did, people in (treated, control)]
        lift = lift_of(*arms)
        assert (lift["low"], lift["high"]) == pytest.approx((low, high), abs=5e-5)


def test_the_report_adds_up(mail):
    _ada, _links, campaign, _server = mail
    found = report(campaign)
    assert found["audience"] == found["sent"] == found["delivered"] == 1
    expected = {
        "audience",
        "excluded",
        "excluded_details",
        "queued",
        "sent",
        "delivered",
        "opened",
        "machine_opened",
        "clicked",
        "machine_clicked",
        "unsubscribed",
        "bounced",
        "complained",
        "converted",
        "revenue",
        "variants",
        "control",
        "lift",
        "unknown",
        "failed",
    }
    assert expected <= set(found)
    assert (found["measured"], found["unmeasured"]) == (1, 0)
    assert found["rates"] == {
        "open": {"value": 0, "base": 1},
        "click": {"value": 0, "base": 1},
        "conversion": {"value": 0, "base": 1},
        "unsubscribe": {"value": 0, "base": 1},
        "bounce": {"value": 0, "base": 1},
        "complaint": {"value": 0, "base": 1},
    }


def test_who_could_be_measured_is_asked_of_the_day_the_mail_left(mail):
    """A permission withdrawn or given afterwards changes no base; a test counts nowhere."""
    ada, _links, campaign, _server = mail
    say(ada, "withdrawn", purpose="measuring")
    ben = make_person("ben")
    say(ben, purpose="measuring")
    Message.objects.bulk_create(
        Message(
            profile=ben, campaign_id=campaign.pk, purpose=row(ada).purpose, channel="email",
            address="ben@example.com", is_marketing=True, consent_entry_id=say(ben).id,
            is_test=is_test, state="sent", queued_at=sent, due_at=sent, expires_at=sent,
            sent_at=sent,
        )
        for is_test, sent in ((False, timezone.now() - hours(1)), (True, timezone.now()))
    )  # fmt: skip
    found = report(campaign)
    assert (found["delivered"], found["measured"], found["unmeasured"]) == (2, 1, 1)
    assert progress(campaign)["seen"] == 2
