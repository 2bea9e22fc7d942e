"""The preference centre: one tap and done, alternatives after, without script or cookie."""

import re

import pytest
from django.test import Client
from django.utils import timezone, translation

from campaigns.models import Message, Sender
from config.workspace.access import tokens
from config.workspace.frequency import Frequency
from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace
from config.workspace.zones import zone_of
from consent.ledger.elapsing import PAUSE, elapse
from consent.models import ConsentEntry, ConsentState, Purpose, Topic
from consent.preferences import acting
from consent.reach import contactable
from consent.volume import limit_of
from profiles.models import Profile
from tests.campaigns.builders import add_address, launched, make_person, make_segment, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    person = make_person("ada")
    add_address(person, "+31612340142", "phone")
    marketing = Purpose.objects.get(slug="marketing")
    for slug in ("deals", "news"):
        Topic.objects.create(purpose=marketing, slug=slug, name=slug.title())
    say(person)
    return person


@pytest.fixture
def path(ada):
    launched(make_segment(ada))
    message = Message.objects.get(profile=ada)
    return f"/preferences/{tokens.issue('preferences', ada.pk, message.pk)}/"


@pytest.fixture
def client():
    return Client(enforce_csrf_checks=True)


def may(person, topic=None) -> bool:
    rows = contactable(Profile.objects.all(), purpose="marketing", channel="email", topic=topic)
    return rows.filter(pk=person.pk).exists()


def test_the_page_shows_every_choice_since_when_and_from_where(ada, path, client):
    response = client.get(path)
    html = response.content.decode()
    assert "ada@example.com" not in html
    assert "a••@e••••••.com" in html
    assert "Deals" in html
    assert "•••• 0142" in html
    assert re.search(r"Since \d+ \w+ 20\d\d, from", html)
    assert "We never asked you" in html
    assert "<script" not in html
    assert not response.cookies
    assert "no-store" in response["Cache-Control"]
    assert client.get("/preferences/" + "x" * 30 + "/").status_code == 404


def test_the_foot_says_who_sent_it_once(ada, path, client):
    assert "<p>Shop, Oudegracht 1, Utrecht</p>" in client.get(path).content.decode()
    Sender.objects.update(postal_address="Shop, Oudegracht 1, Utrecht")
    assert "<p>Shop, Oudegracht 1, Utrecht</p>" in client.get(path).content.decode()


def test_one_tap_stops_and_undo_brings_back(ada, path, client):
    response = client.post(path, {"action": "stop"}, follow=True)
    assert "Done. No more marketing email" in response.content.decode()
    assert not may(ada)
    response = client.post(path, {"action": "undo"}, follow=True)
    assert may(ada)
    assert "Undone" in response.content.decode()


def test_who_holds_a_link_adds_so_many_rows_to_the_ledger_and_can_always_take_back(
    ada, path, client, monkeypatch
):
    """Taps in a loop added seven rows each, and an undo did so again and again."""
    monkeypatch.setattr(acting, "MOST_A_DAY", 5)
    client.post(path, {"action": "stop"})
    client.post(path, {"action": "undo"})
    before = ConsentEntry.objects.count()
    for _ in range(3):
        client.post(path, {"action": "undo"})
    assert ConsentEntry.objects.count() == before
    html = client.get(path).content.decode()
    shown = [name + ":" for name in re.findall(r'name="shown" value="([^":]+)', html)]
    on = {name[:-1]: "on" for name in shown}
    for _ in range(10):
        client.post(path, {"action": "save", "shown": shown, **on})
        client.post(path, {"action": "save", "shown": shown})
    kept = ConsentEntry.objects.count()
    assert kept - before <= 2 * (acting.MOST_A_DAY + len(shown))
    page = client.post(path, {"action": "save", "shown": shown, **on}, follow=True).content.decode()
    assert "Try again tomorrow" in page
    deals = Topic.objects.get(slug="deals")
    assert not may(ada, deals)
    client.post(path, {"action": "stop"})
    client.post(path, {"action": "undo"})
    assert not may(ada)
    monkeypatch.setattr(acting, "MOST_A_DAY", 1000)
    client.post(path, {"action": "save", "shown": shown, **on})
    assert may(ada, deals)
    client.post(path, {"action": "stop"})
    assert not may(ada, deals), "what is taken back is taken back"


def test_times_are_by_the_persons_clock_and_say_whose(ada, path, client):
    Workspace.objects.update(time_zone="Asia/Jakarta")
    forget_workspace()
    numbers = tokens.read("preferences", path.split("/")[2])
    unsubscribe = f"/u/{tokens.issue('unsubscribe', *numbers)}/"
    for zone, name in (("", "WIB"), ("America/New_York", "E[SD]T"), ("No/Where", "WIB")):
        Profile.objects.filter(pk=ada.pk).update(time_zone=zone)
        now = timezone.localtime(timezone=zone_of(zone) or zone_of("Asia/Jakarta"))
        for address, body in ((path, {"action": "stop"}), (unsubscribe, {"how": "button"})):
            html = client.post(address, body, follow=True).content.decode()
            said = re.search(rf"From now on, <time[^>]+>(.+?, \d\d):\d\d {name}</time>\.", html)
            assert said[1] == f"{now:%-d %b %Y, %H}"
            assert "UTC" not in html


def test_a_pause_ends_by_itself(ada, path, client):
    response = client.post(path, {"action": "pause"}, follow=True)
    assert "Paused until" in response.content.decode()
    assert not may(ada)
    assert elapse(timezone.now() + PAUSE * 0.9) == 0
    assert elapse(timezone.now() + PAUSE * 1.01) == 1
    # `at` of what will be is clamped to now, which is later than the pause
    assert may(ada)


def test_topics_are_chosen_one_by_one(ada, path, client):
    deals, news = Topic.objects.order_by("slug")
    shown = [f"topic-{deals.pk}", f"topic-{news.pk}", "use-personalisation"]
    client.post(path, {"action": "save", "shown": shown, f"topic-{news.pk}": "on"})
    assert (may(ada, deals), may(ada, news)) == (False, True)
    assert not ConsentState.objects.filter(purpose__slug="personalisation").exists()
    client.post(path, {"action": "stop"})
    assert (may(ada, deals), may(ada, news)) == (False, False)
    client.post(path, {"action": "undo"})
    assert (may(ada, deals), may(ada, news)) == (False, True)


def test_saving_what_is_shown_changes_nothing(ada, path, client):
    before = ConsentState.objects.count()
    html = client.get(path).content.decode()
    shown = re.findall(r'name="shown" value="([^"]+)"', html)
    on = dict.fromkeys(re.findall(r'name="([^"]+)" checked', html), "on")
    client.post(path, {"action": "save", "shown": shown, **on})
    assert ConsentState.objects.count() == before


def test_an_old_page_gives_no_permission_that_was_withdrawn_since(ada, path, client):
    deals, news = Topic.objects.order_by("slug")
    html = client.get(path).content.decode()
    shown = re.findall(r'name="shown" value="([^"]+)"', html)
    assert f"topic-{deals.pk}:on" in shown
    client.post(path, {"action": "stop"})  # in another window, or by a mail's own link
    on = dict.fromkeys(re.findall(r'name="([^"]+)" checked', html), "on")
    client.post(path, {"action": "save", "shown": shown, **on, "use-personalisation": "on"})
    assert not may(ada, deals), "left as the old page showed it: nobody switched it on again"
    assert ConsentState.objects.get(purpose__slug="personalisation").status == "granted"
    html = client.get(path).content.decode()
    shown = re.findall(r'name="shown" value="([^"]+)"', html)
    client.post(path, {"action": "save", "shown": shown, f"topic-{deals.pk}": "on"})
    assert may(ada, deals), "switched on by hand"


def test_what_was_shown_is_kept_with_each_choice_in_its_language(ada, path, client):
    """As it stood on the page; what a mail program shows beside its own button nobody knows."""
    deals = Topic.objects.get(slug="deals")
    Topic.objects.filter(pk=deals.pk).update(description="Once a week")
    numbers = tokens.read("preferences", path.split("/")[2])
    unsubscribe = f"/u/{tokens.issue('unsubscribe', *numbers)}/"
    page = client.get(f"{path}?lang=id").content.decode()
    shown = {"shown": [f"topic-{deals.pk}", "channel-sms"], "channel-sms": "on"}
    client.post(path, {"action": "save", **shown})
    client.post(f"{path}?lang=id", {"action": "pause"})
    client.post(path, {"action": "undo"})
    client.post(unsubscribe, {"List-Unsubscribe": "One-Click"})
    client.post(path, {"action": "undo"})
    button = client.get(f"{unsubscribe}?lang=id").content.decode()
    pressed = dict(re.findall(r'name="([^"]+)" value="([^"]+)"', button))
    client.post(f"{unsubscribe}?lang=id", pressed)
    rows = ConsentEntry.objects.filter(actor="person").order_by("id")
    kept = list(dict.fromkeys(rows.values_list("evidence__kind", "wording", "language")))
    with translation.override("id"):
        pause, stop = str(acting.PAUSE_WORDS), str(acting.STOP_WORDS)
    assert kept == [
        ("choice", "Deals\nOnce a week", "en"),
        ("choice", "Text messages", "en"),
        ("pause", pause, "id"),
        ("undo", "Undo", "en"),
        ("one_click", "", ""),
        ("one_click", stop, "id"),
    ]
    assert pause in page
    assert stop in page
    assert stop in button


def test_gpc_is_honoured_and_said(ada, path, client):
    html = client.get(path, headers={"Sec-GPC": "1"}).content.decode()
    assert "Global Privacy Control" in html
    state = ConsentState.objects.get(purpose__slug="sharing-for-ads")
    assert state.status == "denied"
    assert may(ada), "it is no unsubscribe"


def test_indonesian(path, client):
    response = client.get(path, headers={"Accept-Language": "id"})
    assert response["Content-Language"] == "id"
    assert 'lang="id"' in response.content.decode()
    assert "Apa yang boleh kami kirim" in response.content.decode()
    assert "What may we send" in client.get(f"{path}?lang=en").content.decode()


def test_less_of_it_is_one_tap_and_as_often_as_before_another(ada, path, client):
    """Beside the pause: at most one a week, at most one a month."""
    html = client.get(path).content.decode()
    assert "At most one a week" in html and "At most one a month" in html
    assert "As often as you write" not in html
    answer = client.post(path, {"action": "limit-7"}, follow=True).content.decode()
    assert "Your choice is saved." in answer and "Chosen now: At most one a week" in answer
    assert 'value="limit-7"' not in answer and 'value="limit-30"' in answer
    assert limit_of(ada.pk, "email") == Frequency(1, 7)
    newest = ConsentEntry.objects.latest("id")
    assert (newest.status, newest.evidence["at_most"], newest.actor) == ("granted", "1/7", "person")
    assert newest.wording == "At most one a week"
    client.post(path, {"action": "limit-none"})
    assert limit_of(ada.pk, "email") is None
