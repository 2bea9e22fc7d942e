"""Purposes, topics, senders and sources: what is used cannot go, by whichever door."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Campaign, Sender
from campaigns.services.checks import check_campaign
from campaigns.services.launching import NotReady, cancel, launch
from campaigns.services.single import send_message
from config.workspace.access.keys import create_api_key
from config.workspace.lifecycle.archiving import archive, delete, restore
from config.workspace.lifecycle.usage import InUse, hold, users
from config.workspace.models import AuditEntry, Role
from consent.models import Purpose, Topic
from profiles.models import Source
from profiles.services.sources import create_source
from segments.services import create_segment
from tests.campaigns.builders import (
    launched,
    make_campaign,
    make_person,
    make_segment,
    make_sender,
    say,
)
from tests.cast import make_user
from tests.racing import at_the_same_moment
from tests.segments.builders import group

pytestmark = pytest.mark.django_db
LATER = timedelta(hours=1)


@pytest.fixture
def walks():
    purpose = Purpose.objects.create(slug="walks", name="Walks", purpose_class="marketing")
    Topic.objects.create(slug="alps", name="Alps", purpose=purpose)
    make_sender()
    Sender.objects.create(name="Club", address="club@shop.example", postal_address="Street 1")
    return purpose


@pytest.fixture
def campaign(walks):
    sender = Sender.objects.get(name="Club")
    step = {"purpose": "walks", "topic": "alps"}
    return make_campaign(make_segment(), "hike", step=step, sender=str(sender.pk))


@pytest.fixture
def officer(client):
    client.force_login(make_user(Role.ADMIN))
    return client


def keys_of_all() -> list[tuple[str, str]]:
    club = Sender.objects.get(name="Club")
    return [("purpose", "walks"), ("topic", "alps"), ("sender", str(club.pk))]


def test_a_campaign_under_way_binds_all_that_it_uses_and_a_draft_keeps_it(campaign):
    for kind, key in keys_of_all():
        with pytest.raises(InUse, match=r"hike \(campaign, draft\)"):
            delete(kind, key)
        archive(kind, key)
        codes = {
            one.code for one in check_campaign(Campaign.objects.get()) if one.severity == "error"
        }
        assert codes & {"archived", "sender_archived"}, kind
        with pytest.raises(NotReady, match="archived"):
            launch(campaign)
        restore(kind, key)
    launch(campaign, at=timezone.now() + LATER)
    for kind, key in keys_of_all():
        with pytest.raises(InUse, match=r"hike \(campaign, scheduled\)"):
            archive(kind, key)
    cancel(Campaign.objects.get())
    for kind, key in keys_of_all():
        assert [use.name for use in users(kind, key) if use.binds] == []
        with pytest.raises(InUse, match="1 campaign that is over"):
            delete(kind, key)
        archive(kind, key)
    done = AuditEntry.objects.filter(action__contains="archived").values_list("action", flat=True)
    assert set(done) == {"purpose.archived", "topic.archived", "sender.archived"}


def test_rules_the_ledger_and_what_is_ready_made_are_users_as_well(walks):
    rule = group(
        "all",
        {"kind": "consent", "purpose": "walks", "channel": "email", "status": "granted"},
    )
    create_segment(slug="hikers", name="Hikers", rule=rule)
    with pytest.raises(InUse, match=r"Hikers \(segment, in its rule\)"):
        archive("purpose", "walks")
    with pytest.raises(InUse, match=r"Rapport itself \(ready-made\)"):
        archive("purpose", "service")
    ada = make_person("ada")
    say(ada, purpose="walks", topic_id=Topic.objects.get().pk)
    assert [use.name for use in users("topic", "alps")] == ["permissions on record"]
    assert not [use for use in users("topic", "alps") if use.binds]


def test_single_messages_use_a_purpose_and_the_default_sender(walks):
    ada = make_person("ada")
    say(ada, purpose="walks")
    content = {"subject": "Hello", "text": "You {{ unsubscribe_url }} {{ postal_address }}"}
    message, _new = send_message(
        profile=ada, channel="email", purpose="walks", content=content, idempotency_key="1"
    )
    default = str(Sender.objects.get(is_default=True).pk)
    for kind, key in (("purpose", "walks"), ("sender", default)):
        assert "single messages that wait" in [use.name for use in users(kind, key) if use.binds]
    type(message).objects.update(state="sent")
    assert "single messages" in [use.name for use in users("purpose", "walks")]
    with pytest.raises(InUse, match="make another one the default first"):
        archive("sender", default)


def test_the_admin_says_who_uses_it_and_deletes_nothing_that_is_used(officer, campaign):
    launch(campaign, at=timezone.now() + LATER)
    pages = {
        "consent/purpose": (
            Purpose.objects.get(slug="walks"),
            {"purpose_class": "marketing", "confirm_days": "7"},
        ),
        "consent/topic": (Topic.objects.get(), {}),
        "campaigns/sender": (
            Sender.objects.get(name="Club"),
            {"address": "club@shop.example", "postal_address": "Street 1"},
        ),
    }
    inline = {"topics-TOTAL_FORMS": "0", "topics-INITIAL_FORMS": "0"}
    for path, (row, fields) in pages.items():
        where = f"/console/{path}/{row.pk}/"
        page = officer.get(f"{where}change/").content.decode()
        assert "/console/campaigns/hike/" in page, path
        question = officer.get(f"{where}delete/").content.decode()
        assert "/console/campaigns/hike/" in question, path
        officer.post(f"{where}delete/", {"post": "yes"})
        body = {"name": row.name, "position": "0", "is_archived": "on", **fields, **inline}
        refused = officer.post(f"{where}change/", body)
        assert refused.status_code == 200, path
        assert "Used by hike (campaign, scheduled)" in refused.content.decode(), path
        row.refresh_from_db()
        assert row.archived_at is None
    cancel(Campaign.objects.get())
    for path, (row, fields) in pages.items():
        where = f"/console/{path}/{row.pk}/change/"
        body = {"name": row.name, "position": "0", **fields, **inline}
        for archived in ({"is_archived": "on"}, {}):
            assert officer.post(where, body | archived).status_code == 302, path
            row.refresh_from_db()
            assert (row.archived_at is not None) is bool(archived)
            officer.get(f"/console/{path}/")  # takes the message along, which says the name too
            shown = row.name in officer.get(f"/console/{path}/?archived=1").content.decode()
            assert shown is bool(archived), path
    spare = Sender.objects.create(name="Spare", address="spare@shop.example")
    officer.post(f"/console/campaigns/sender/{spare.pk}/delete/", {"post": "yes"})
    assert not Sender.objects.filter(pk=spare.pk).exists()


def test_a_slug_stays_and_topics_are_deleted_on_their_own_page_only(officer, campaign):
    walks, topic = Purpose.objects.get(slug="walks"), Topic.objects.get()
    body = {"name": "Strolls", "slug": "strolls", "purpose_class": "marketing", "position": "0"}
    body["confirm_days"] = "7"
    inline = {
        "topics-TOTAL_FORMS": "1",
        "topics-INITIAL_FORMS": "1",
        "topics-0-id": str(topic.pk),
        "topics-0-purpose": str(walks.pk),
        "topics-0-name": "Alps",
        "topics-0-slug": "alps",
        "topics-0-position": "0",
        "topics-0-DELETE": "on",
    }
    officer.post(f"/console/consent/purpose/{walks.pk}/change/", body | inline)
    walks.refresh_from_db()
    assert (walks.name, walks.slug) == ("Strolls", "walks")
    assert Topic.objects.filter(pk=topic.pk).exists()


def test_what_is_archived_is_offered_nowhere(officer, campaign):
    cancel(launch(campaign, at=timezone.now() + LATER))
    draft = make_campaign(make_segment(slug="others"), "draft")
    for page in ("who", "what"):
        shown = officer.get(f"/console/campaigns/draft/{page}/").content.decode()
        assert ("Walks" in shown, "Club" in shown) == ((page == "who"), (page == "what"))
    for kind, key in keys_of_all():
        archive(kind, key)
    for page in ("who", "what"):
        shown = officer.get(f"/console/campaigns/{draft.slug}/{page}/").content.decode()
        assert not {word for word in ("Walks", "Alps", "Club") if word in shown}, page


def test_rest_deletes_what_nobody_uses_and_names_users_otherwise(client, campaign):
    key = {"authorization": f"Bearer {create_api_key(name='k', scopes=['all'])[1]}"}
    used, _key = create_source(name="till", kind="server")
    unused, _key = create_source(name="spare", kind="server")
    Source.objects.filter(pk=used.pk).update(last_seen_at=timezone.now())
    club = Sender.objects.get(name="Club")
    made = client.post(
        "/api/senders/",
        {"name": "New", "address": "new@shop.example"},
        "application/json",
        headers=key,
    ).json()
    purpose = {"slug": "fairs", "name": "Fairs", "topics": [{"slug": "autumn", "name": "Autumn"}]}
    answer = client.post("/api/purposes/", purpose, "application/json", headers=key)
    assert answer.status_code == 201
    assert answer.json() == purpose | {
        "description": "",
        "purpose_class": "marketing",
        "double_opt_in": False,
        "topics": [{"slug": "autumn", "name": "Autumn", "description": ""}],
    }
    again = client.post("/api/purposes/", purpose, "application/json", headers=key)
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "unique")
    for path, users_ in {
        f"/api/sources/{used.pk}/": ["the calls that it sent"],
        f"/api/senders/{club.pk}/": ["hike"],
        "/api/purposes/walks/": ["hike", "Alps"],
        "/api/purposes/service/": ["Rapport itself"],
    }.items():
        assert [use["name"] for use in client.get(path, headers=key).json()["used_by"]] == users_
        refused = client.delete(path, headers=key)
        assert refused.status_code == 409, path
        assert [use["name"] for use in refused.json()["used_by"]] == users_
        assert users_[0] in refused.json()["detail"]
    Topic.objects.filter(slug="autumn").delete()
    for path in (
        f"/api/sources/{unused.pk}/",
        f"/api/senders/{made['id']}/",
        "/api/purposes/fairs/",
    ):
        assert client.delete(path, headers=key).status_code == 204, path
        assert client.get(path, headers=key).status_code == 404, path


def test_rest_changes_sources_and_senders(client):
    key = {"authorization": f"Bearer {create_api_key(name='k', scopes=['all'])[1]}"}
    source, _key = create_source(name="till", kind="server")
    create_source(name="web", kind="browser")
    first = make_sender()
    second = Sender.objects.create(name="Club", address="club@shop.example")

    def patch(path: str, **body):
        return client.patch(path, body, "application/json", headers=key)

    changed = patch(f"/api/sources/{source.pk}/", name="Till 2", enabled=False, trust=90)
    assert (changed.status_code, changed.json()["enabled"]) == (200, False)
    source.refresh_from_db()
    assert (source.name, source.enabled, source.trust) == ("Till 2", False, 90)
    assert patch(f"/api/sources/{source.pk}/", kind="browser").status_code == 400
    assert patch(f"/api/sources/{source.pk}/", name="web").status_code == 409
    changed = patch(f"/api/senders/{second.pk}/", default=True, reply_to="help@shop.example")
    assert (changed.status_code, changed.json()["default"]) == (200, True)
    first.refresh_from_db()
    assert first.is_default is False
    assert patch(f"/api/senders/{second.pk}/", default=False).status_code == 400
    assert patch(f"/api/senders/{second.pk}/", address=first.address).status_code == 409
    assert patch("/api/senders/999999/", name="x").status_code == 404


def test_names_that_no_column_holds_are_nobodys():
    hold([("segment", "a\x00b"), ("sender", "9" * 40), ("purpose", "\ud800")])


@pytest.mark.usefixtures("transactional_db")
def test_a_sender_cannot_go_while_a_launch_is_on_its_way(campaign):
    club = str(Sender.objects.get(name="Club").pk)
    won, lost = at_the_same_moment(
        lambda: launch(campaign, at=timezone.now() + LATER), lambda: archive("sender", club)
    )
    assert isinstance(won, Campaign)
    assert isinstance(lost, InUse)
    assert launched(make_segment(slug="others"), "other").fault == ""
