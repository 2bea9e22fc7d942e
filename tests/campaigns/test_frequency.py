"""Contact frequency: a gentle one is on by itself, and the checks say whom a launch repeats."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from campaigns.audience.earlier import Earlier
from campaigns.models import Campaign, ContactCount, Message, MessageChunk
from campaigns.pages.editor.preheaders import with_preheader, without_preheader
from campaigns.services.drafts import duplicate, update_campaign
from campaigns.services.launching import cancel
from campaigns.services.rehearsing import rehearse
from campaigns.services.shapes import InvalidCampaign
from campaigns.services.single import send_message
from config.workspace.access.keys import create_api_key
from config.workspace.frequency import (
    DEFAULT,
    MOST_COUNT,
    MOST_DAYS,
    Frequency,
    contact_frequency,
    limits_of,
    set_contact_frequency,
    words_of,
    words_of_all,
)
from config.workspace.models import AuditEntry, Role, Workspace
from config.workspace.selectors import forget_workspace
from consent.suppression.suppressing import suppress
from profiles.models import Profile
from segments.models import Membership
from tests.campaigns.builders import (
    deliver_all,
    launched,
    make_campaign,
    make_person,
    make_segment,
    say,
)
from tests.cast import make_user

pytestmark = pytest.mark.django_db
CONTENT = {"subject": "Another", "text": "Boots {{ postal_address }} {{ unsubscribe_url }}"}


@pytest.fixture
def people():
    found = [make_person(name) for name in ("ada", "ben", "cleo")]
    for person in found:
        say(person)
    return found


def another(segment, slug: str, **data) -> Campaign:
    return make_campaign(segment, slug, step={"content": CONTENT}, **data)


def got(campaign: Campaign) -> int:
    return Message.objects.filter(campaign_id=campaign.pk).exclude(state="excluded").count()


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        ({}, DEFAULT),
        ({"contact_frequency": {}}, DEFAULT),
        ({"contact_frequency": {"sms": {"count": 3, "per_days": 7}}}, DEFAULT),
        ({"contact_frequency": {"email": {"per_days": 7}}}, Frequency(1, 7)),
        ({"contact_frequency": {"email": {"count": 3, "per_days": 7}}}, Frequency(3, 7)),
        ({"contact_frequency": {"email": None}}, None),
    ],
)
def test_one_answer_of_what_a_channel_allows(stored, found):
    Workspace.objects.update(settings=stored)
    forget_workspace()
    assert contact_frequency("email") == found


def test_marketing_reaches_a_person_once_a_day_unless_somebody_says_otherwise(people):
    segment = make_segment(*people)
    first = launched(segment, "first")
    assert got(first) == 3
    assert got(launched(segment, "second")) == 0
    assert Message.objects.filter(reason="capped").count() == 3
    assert got(launched(segment, "own", caps={"count": 2, "per_days": 1})) == 3
    assert got(launched(segment, "unlimited", caps={"unlimited": True})) == 3
    assert got(launched(segment, "after", caps={"count": 3, "per_days": 1})) == 0, "all are counted"
    assert got(launched(segment, "service", step={"purpose": "service"})) == 3
    set_contact_frequency("email", None)
    assert got(launched(segment, "off")) == 3
    set_contact_frequency("email", Frequency(5, 2))
    assert got(launched(segment, "changed")) == 3
    assert got(launched(segment, "changed-2")) == 0
    assert AuditEntry.objects.filter(action="workspace.changed").count() == 2
    ContactCount.objects.update(day=timezone.now().date() - timedelta(days=2))
    assert got(launched(segment, "later")) == 3


def test_what_is_cancelled_gives_its_place_back(people):
    segment = make_segment(*people)
    cancel(launched(segment, "first"))
    assert got(launched(segment, "second")) == 3


def counts() -> dict[str, int]:
    rows = ContactCount.objects.select_related("profile")
    return {row.profile.traits["first_name"].lower(): row.n for row in rows}


def test_what_ended_before_it_left_gives_its_place_back(server):
    went = ("arrived", "bounced", "interrupted", "waits")
    ended = ("aborted", "expired", "failed", "frozen", "late", "left", "suppressed", "withdrew")
    people = {name: make_person(name) for name in (*went, *ended, "zero")}
    for person in people.values():
        say(person)
    html = (
        "<p>{% if first_name == 'Aborted' %}{% abort_message 'no' %}{% endif %}"
        "{{ postal_address }} {{ unsubscribe_url }}</p>"
    )
    segment = make_segment(*people.values())
    first = launched(segment, "first", step={"content": {"subject": "Tents", "html": html}})
    assert counts() == dict.fromkeys(people, 1)

    def of(name: str, model=Message):
        return model.objects.filter(profile=people[name])

    server.refusals = {
        "bounced@example.com": ["550 5.1.1 nobody"],
        "failed@example.com": ["554 5.7.1 not from you"],
        "late@example.com": ["451 4.3.0 later"],
        "waits@example.com": ["451 4.3.0 later"],
    }
    of("interrupted").update(state="handing_over")
    of("expired").update(expires_at=timezone.now())
    Profile.objects.filter(pk=people["frozen"].pk).update(state="restricted")
    of("left", Membership).update(left_at=timezone.now())
    of("zero", Membership).update(left_at=timezone.now())
    of("zero", ContactCount).update(n=0)
    suppress(kind="email", value="suppressed@example.com", reason="manual")
    say(people["withdrew"], "withdrawn")
    deliver_all()
    of("late").update(expires_at=timezone.now(), due_at=timezone.now())
    MessageChunk.objects.update(due_at=timezone.now())
    deliver_all()
    states = dict(Message.objects.values_list("profile__traits__first_name", "state"))
    assert states == {
        "Arrived": "sent", "Bounced": "bounced", "Interrupted": "unknown", "Waits": "queued",
        "Aborted": "cancelled", "Failed": "failed", "Late": "failed",
    } | dict.fromkeys(
        ("Expired", "Frozen", "Left", "Suppressed", "Withdrew", "Zero"), "excluded"
    )  # fmt: skip
    back = dict.fromkeys(went, 1) | dict.fromkeys((*ended, "zero"), 0)
    assert counts() == back
    deliver_all()
    cancel(first)
    assert counts() == back | {"waits": 0}, "each once"
    Membership.objects.update(left_at=None)
    again = launched(segment, "second")
    reached = Message.objects.filter(campaign_id=again.pk, state="queued")
    found = set(reached.values_list("profile__traits__first_name", flat=True))
    assert found == {"Waits", "Aborted", "Expired", "Failed", "Late", "Left", "Zero"}


def test_a_place_is_given_back_on_the_day_it_was_taken(people, server):
    Workspace.objects.update(time_zone="Asia/Jakarta")
    forget_workspace()
    ada, *_others = people
    launched(make_segment(ada))
    evening = datetime(2026, 3, 1, 20, tzinfo=UTC)  # the morning of 2 March in Jakarta
    Message.objects.update(queued_at=evening, counted_on=evening.date() + timedelta(days=1))
    ContactCount.objects.update(day=evening.date() + timedelta(days=1), n=2)
    ContactCount.objects.create(profile=ada, channel="email", day=evening.date(), n=2)
    say(ada, "withdrawn")
    deliver_all()
    assert list(ContactCount.objects.order_by("day").values_list("n", flat=True)) == [2, 1]
    assert not server.mails


def test_single_marketing_messages_pass_the_same_limit(people):
    ada, ben, _cleo = people

    def send(person, key: str, purpose: str = "marketing") -> str:
        return send_message(
            profile=person, channel="email", purpose=purpose, content=CONTENT, idempotency_key=key
        )[0].reason

    assert [send(ada, "1"), send(ada, "2"), send(ada, "3", "service")] == ["", "capped", ""]
    campaign = launched(make_segment(ada, ben))
    assert got(campaign) == 1, "ada had her message today"


@pytest.mark.parametrize(
    ("caps", "path"),
    [
        ({"unlimited": False}, "caps.unlimited"),
        ({"unlimited": True, "per_days": 1}, "caps.unlimited"),
        ({"per_day": 1}, "caps.per_day"),
        ({"per_days": 0}, "caps.per_days"),
        ({"limits": []}, "caps.limits"),
        ({"limits": [{"per_days": 1}], "count": 1}, "caps.count"),
        ({"limits": [{"scope": "world", "per_days": 1}]}, "caps.limits[0].scope"),
        ({"limits": [{"per_days": 1}, {"scope": "total", "count": 2}]}, "caps.limits[1].per_days"),
        ({"limits": [{"scope": "tag", "tag": "Two words", "per_days": 1}]}, "caps.limits[0].tag"),
        ({"limits": [{"scope": "total", "tag": "x", "per_days": 1}]}, "caps.limits[0].tag"),
    ],
)
def test_caps_that_say_nothing_are_refused(people, caps, path):
    campaign = make_campaign(make_segment(*people))
    with pytest.raises(InvalidCampaign) as error:
        update_campaign(campaign, {"caps": caps})
    assert path in [one["path"] for one in error.value.errors]


def test_the_checks_say_whom_a_launch_repeats_and_what_the_limit_does(people, client):
    ada, ben, _cleo = people
    make_person("nobody")
    everyone = make_segment(*people)
    sent = launched(make_segment(ada, ben, slug="two"), "sent")
    copy = duplicate(sent)
    update_campaign(copy, {"entry": {"kind": "segment", "segment": "everyone"}, "name": "Again"})
    copy.refresh_from_db()
    assert rehearse(copy).earlier == Earlier(3, 2, 2, 2, 2, 1)
    other = another(everyone, "other")
    assert rehearse(other).earlier == Earlier(3, 0, 0, 2, 2, 1)
    same_words = make_campaign(
        everyone,
        "same-words",
        step={"content": {"subject": " tents,  {{ first_name }} ", "text": CONTENT["text"]}},
        caps={"unlimited": True},
    )
    assert rehearse(same_words).earlier == Earlier(3, 2, 0, 2, 0, 1)
    yesterday = timezone.now() - timedelta(days=6)
    Message.objects.update(queued_at=yesterday)
    ContactCount.objects.update(day=yesterday.date())
    assert rehearse(copy).earlier == Earlier(3, 2, 0, 0, 0, 1), "the same mail six days ago"

    client.force_login(make_user(Role.MARKETER))
    page = client.get(f"/console/campaigns/{copy.slug}/count/").content.decode()
    assert "2 of 3 got this same mail in the last 30 days" in page
    assert "(at most 1 marketing message a day) lets it through to all of them" in page
    door = f"/console/campaigns/{copy.slug}/earlier/same/"
    assert door in page
    people_page = client.get(door).content.decode()
    assert ("Ada" in people_page, "Ben" in people_page, "Cleo" in people_page) == (1, 1, 0)
    assert client.get(door.replace("same", "neither")).status_code == 404
    key = {"authorization": f"Bearer {create_api_key(name='k', scopes=['campaigns'])[1]}"}
    answer = client.post(f"/api/campaigns/{copy.slug}/rehearse/", headers=key).json()
    assert answer["earlier"] == {"of": 3, "same_mail": 2, "marketing_lately": 0}

    ContactCount.objects.update(day=timezone.now().date())
    page = client.get("/console/campaigns/other/count/").content.decode()
    assert "2 of 3 got marketing by mail today already" in page
    assert "leaves all of them out" in page
    assert "Ada" in client.get("/console/campaigns/other/earlier/lately/").content.decode()
    page = client.get("/console/campaigns/same-words/count/").content.decode()
    assert "No contact frequency holds for this campaign" in page


def test_another_subject_and_preheader_leave_it_the_same_mail(people):
    ada, ben, _cleo = people
    head = "<mj-head><mj-title>T</mj-title><mj-preview>Now</mj-preview></mj-head>"
    words = f"Tents {CONTENT['text']}"
    body = f"<mj-section><mj-column><mj-text>{words}</mj-text></mj-column></mj-section>"
    mail = f"<mjml>\n{head}\n<mj-body>{body}</mj-body>\n</mjml>"
    segment = make_segment(ada, ben)
    launched(segment, "sent", step={"content": {"subject": "Tents", "mjml": mail}})
    edited = with_preheader(without_preheader(mail, is_mjml=True)[0], "Soon", is_mjml=True)
    assert edited != mail, "the editor puts the preheader in another place"
    for number, (source, same) in enumerate(
        [(edited.replace("\n", "\r\n"), 2), (edited.replace("Tents", "Boots"), 0)]
    ):
        step = {"content": {"subject": f"Other {number}", "mjml": source}}
        assert rehearse(make_campaign(segment, f"again-{number}", step=step)).earlier.same == same


def test_mail_of_more_than_thirty_days_ago_is_not_the_same_again(people):
    segment = make_segment(*people)
    sent = launched(segment, "sent")
    copy = duplicate(sent)
    Campaign.objects.filter(pk=sent.pk).update(launched_at=timezone.now() - timedelta(days=31))
    assert rehearse(copy).earlier.same == 0


def test_the_step_when_says_and_keeps_how_often_is_enough(people, client):
    make_campaign(make_segment(*people))
    client.force_login(make_user(Role.ADMIN))
    where = "/console/campaigns/spring/when/"

    def save(**data) -> dict | None:
        client.post(where, {"mode": "now", **data})
        return Campaign.objects.get().caps

    page = client.get(where).content.decode()
    assert "at most 1 marketing message a day" in page
    assert "/console/workspace/workspace/1/change/" in page
    assert save(cap_mode="own", cap_count="2", cap_days="7") == {"count": 2, "per_days": 7}
    assert save(cap_mode="none", cap_count="2", cap_days="7") == {"unlimited": True}
    assert 'value="none" x-model="cap" checked' in client.get(where).content.decode()
    limits = {"limits": [{"scope": "total", "count": 3, "per_days": 7}]}
    Campaign.objects.update(caps=limits)
    page = client.get(where).content.decode()
    assert 'value="kept" x-model="cap" checked' in page
    assert "at most 3 marketing messages in 7 days, all channels together" in page
    assert save(cap_mode="kept") == limits, "what the API set is not lost"
    assert save(cap_mode="workspace", cap_count="2") is None
    assert save(cap_mode="kept") is None, "there are none to keep"
    assert client.post(where, {"mode": "now", "cap_mode": "own"}).status_code == 422
    set_contact_frequency("email", None)
    assert "On each channel: no limit." in client.get(where).content.decode()


def test_who_may_changes_it_in_the_settings(client):
    client.force_login(make_user(Role.ADMIN))
    where = "/console/workspace/workspace/1/change/"
    assert 'name="cap_count" value="1"' in client.get(where).content.decode()
    form = {"name": "Shop", "time_zone": "UTC", "currency": "EUR", "locale": "en", "country": ""}

    def save(**data) -> Frequency | None:
        answer = client.post(where, form | data)
        assert answer.status_code == (200 if data.get("cap_days") == "" else 302)
        return contact_frequency("email")

    assert save(is_capped="on", cap_count="1", cap_days="1") == DEFAULT
    assert not AuditEntry.objects.filter(fields__contains=["contact_frequency"]).exists()
    assert save(is_capped="on", cap_count="4", cap_days="7") == Frequency(4, 7)
    assert save(is_capped="on", cap_count="4", cap_days="") == Frequency(4, 7), "refused"
    assert save(cap_count="4", cap_days="7") is None
    assert AuditEntry.objects.filter(fields__contains=["contact_frequency"]).count() == 2
    mail = {"is_capped": "on", "cap_count": "1", "cap_days": "1"}
    total = {"is_total_capped": "on", "total_count": "3", "total_days": "7"}
    save(**mail, **total, tag_limits="promo 2 7\n\n news 1 1 ")
    found = [Frequency(1, 1), Frequency(3, 7, "total"), Frequency(2, 7, "tag", "promo")]
    assert limits_of("email", ["promo", "else"]) == found
    page = client.get(where).content.decode()
    assert "news 1 1\npromo 2 7</textarea>" in page
    answer = client.post(where, form | mail | {"tag_limits": "promo twice"})
    assert "is no tag with two numbers" in answer.content.decode()
    # the bounds of a limit are the same wherever one is said
    answer = client.post(where, form | mail | {"tag_limits": f"promo 2 {MOST_DAYS + 1}"})
    assert f"from 1 to {MOST_COUNT} messages, within 1 to {MOST_DAYS}" in answer.content.decode()
    most = {"is_capped": "on", "cap_count": str(MOST_COUNT), "cap_days": str(MOST_DAYS)}
    limits = f"promo {MOST_COUNT} {MOST_DAYS}"
    assert save(**most, tag_limits=limits) == Frequency(MOST_COUNT, MOST_DAYS)
    spring, caps = make_campaign(make_segment()), {"count": MOST_COUNT, "per_days": MOST_DAYS}
    with pytest.raises(InvalidCampaign, match=f"1 to {MOST_DAYS}"):
        update_campaign(spring, {"caps": {"per_days": MOST_DAYS + 1}})
    update_campaign(spring, {"caps": caps})
    shown = client.get("/console/campaigns/spring/when/").content.decode()
    assert f'max="{MOST_COUNT}"' in shown and f'max="{MOST_DAYS}"' in shown
    save(**mail)
    assert limits_of("email", ["promo"]) == [DEFAULT]


def test_in_words():
    assert words_of(Frequency(2, 1)) == "at most 2 marketing messages a day"
    assert words_of(Frequency(1, 7)) == "at most 1 marketing message in 7 days"
    assert words_of(None) == "no limit"
    both = [Frequency(2, 1, "total"), Frequency(1, 7, "tag", "promo")]
    assert words_of_all(both) == (
        "at most 2 marketing messages a day, all channels together; "
        "at most 1 marketing message in 7 days with the tag promo"
    )
    assert words_of_all([]) == "no limit"
