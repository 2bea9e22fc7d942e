"""The report more closely, against the messages themselves: links, hours, days, other campaigns."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Campaign, ContentVersion, Message
from campaigns.outcomes.agents import HUMAN, MACHINE
from campaigns.outcomes.parts.by_link import by_link, followed
from campaigns.outcomes.parts.by_time import by_time, happened_in, happened_on
from campaigns.outcomes.parts.lately import standings
from campaigns.outcomes.recording import find_sent, record_click, record_open
from tests.campaigns.builders import (
    deliver_all,
    launched,
    make_person,
    make_segment,
    say,
    smtp_server,
)

pytestmark = pytest.mark.django_db
TENTS, BOOTS, SOCKS = (f"https://shop.example/{name}" for name in ("tents", "boots", "socks"))
HTML = "".join(f'<a href="{url}">x</a> ' for url in (TENTS, BOOTS, SOCKS)) + "{{ unsubscribe_url }}"


def sent_to(count: int, slug: str = "spring"):
    people = [make_person(f"{slug}{n}") for n in range(count)]
    for person in people:
        say(person)
    content = {"subject": "Hi", "html": f"<body>{HTML}</body>"}
    with smtp_server():
        campaign = launched(make_segment(*people, slug=slug), slug, step={"content": content})
        deliver_all()
    rows = list(Message.objects.filter(campaign_id=campaign.pk).order_by("profile_id"))
    assert {row.state for row in rows} == {"sent"}
    return campaign, rows


def click(row: Message, url: str, who: str = HUMAN, at=None) -> None:
    links = ContentVersion.objects.get(pk=row.content_version_id).compiled["links"]
    record_click(find_sent(row.profile_id, row.pk), links.index(url), url, who, at)


def behind(campaign: Campaign, url: str) -> set[int]:
    rows = Message.objects.filter(campaign_id=campaign.pk).filter(followed(campaign, url))
    return set(rows.values_list("pk", flat=True))


def test_a_link_counts_the_people_who_followed_it_once_and_opens_them():
    campaign, (ada, ben, cleo, dan) = sent_to(4)
    now = timezone.now()
    click(ada, TENTS)
    click(ada, TENTS, at=now + timedelta(hours=1))
    click(ada, BOOTS, at=now + timedelta(hours=2))
    click(ben, TENTS)
    click(cleo, BOOTS, MACHINE)
    click(cleo, TENTS, at=now + timedelta(hours=1))
    for n, url in enumerate((TENTS, BOOTS, SOCKS)):  # a scanner follows them all at once
        click(dan, url, at=now + timedelta(seconds=n))
    assert [(one.url, one.clicked) for one in by_link(campaign)] == [
        (TENTS, 3),
        (BOOTS, 1),
        (SOCKS, 0),
    ]
    assert behind(campaign, TENTS) == {ada.pk, ben.pk, cleo.pk}
    assert behind(campaign, BOOTS) == {ada.pk}
    assert behind(campaign, SOCKS) == set()
    assert followed(campaign, "https://other.example") is None


def test_clicks_from_before_it_was_kept_who_made_them_count_where_no_machine_was_seen():
    campaign, (ada, ben) = sent_to(2)
    for row in (ada, ben):
        click(row, TENTS)
        row.refresh_from_db()
        row.data["clicks"] = [one[:2] for one in row.data["clicks"]]
        row.save()
    Message.objects.filter(pk=ben.pk, profile_id=ben.profile_id).update(
        machine_clicked_at=timezone.now()
    )
    assert by_link(campaign)[0].clicked == 1
    assert behind(campaign, TENTS) == {ada.pk}


def test_a_scanner_after_a_click_of_the_person_takes_nothing_from_it():
    campaign, (ada,) = sent_to(1)
    began = timezone.now()
    click(ada, TENTS, at=began)
    for n, url in enumerate((TENTS, BOOTS, SOCKS)):
        click(ada, url, at=began + timedelta(hours=1, seconds=n))
    ada.refresh_from_db()
    assert ada.clicked_at == began
    assert ada.machine_clicked_at is not None
    assert {one.url: one.clicked for one in by_link(campaign)} == {TENTS: 1, BOOTS: 0, SOCKS: 0}


def test_hours_and_days_count_each_message_once_and_open_theirs():
    campaign, rows = sent_to(4)
    began = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=3)
    Campaign.objects.filter(pk=campaign.pk).update(launched_at=began)
    campaign.refresh_from_db()
    hours = [0, 0, 5, 50]
    for row, hour in zip(rows, hours, strict=True):
        sent = find_sent(row.profile_id, row.pk)
        record_open(sent, HUMAN, began + timedelta(hours=hour, minutes=10))
        record_open(sent, HUMAN, began + timedelta(hours=hour + 1))
    record_click(find_sent(rows[0].profile_id, rows[0].pk), 0, TENTS, HUMAN, began)
    found = by_time(campaign)
    assert found.hours["opened"][0] == 2
    assert found.hours["opened"][5] == 1
    assert sum(found.hours["opened"]) == 3, "of the first 48 hours"
    assert sum(found.days["opened"]) == 4
    assert found.hours["clicked"][0] == sum(found.days["clicked"]) == 1
    mine = Message.objects.filter(campaign_id=campaign.pk)
    for number, count in enumerate(found.hours["opened"]):
        assert mine.filter(happened_in("opened", found.hour(number))).count() == count
    for name, counts in found.days.items():
        for number, count in enumerate(counts):
            assert mine.filter(happened_on(name, found.day(number))).count() == count


def test_a_campaign_stands_beside_those_before_it():
    old, rows = sent_to(4, "old")
    click(rows[0], TENTS)
    older, _rows = sent_to(2, "older")
    Campaign.objects.filter(pk=older.pk).update(launched_at=timezone.now() - timedelta(days=9))
    campaign, rows = sent_to(4)
    assert standings(old) and not standings(Campaign.objects.get(pk=older.pk))
    for row in rows[:3]:
        click(row, TENTS)
    later, _rows = sent_to(1, "later")
    assert later.launched_at > campaign.launched_at
    clicks = next(one for one in standings(campaign) if one.rate == "click")
    assert (clicks.value, clicks.counted, clicks.base) == (0.75, 3, 4)
    assert {one.slug: share for one, share in clicks.others} == {"old": 0.25, "older": 0}
    assert (clicks.usual, clicks.place) == (0.125, 1)
