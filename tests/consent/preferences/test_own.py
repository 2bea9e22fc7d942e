"""Asking about one's own data: by the link of a mail, by one's address, proved by a fresh link."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.delivery.service_mails import send_due
from campaigns.models import Message, Sender
from config.workspace.access import guessing, tokens
from config.workspace.models import AuditEntry
from config.workspace.work.due import drain
from consent.models import IdentityLink, PrivacyRequest
from consent.proof import links
from consent.proof.issuing import issue_due
from consent.suppression.suppressing import suppress
from profiles.models import Identifier, Profile
from tests.campaigns.builders import launched, make_person, make_segment, say, smtp_server
from tests.cast import make_identifier

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script> \u202e {{ 7|add:7 }} {% now %}"


@pytest.fixture
def ada():
    person = make_person("ada")
    say(person)
    Sender.objects.create(
        name="Puncak", address="hello@puncak.example", postal_address="Jl. 1", is_default=True
    )
    return person


@pytest.fixture
def client():
    guessing.forget()
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def preferences(ada):
    Sender.objects.update(is_default=False)
    launched(make_segment(ada))
    message = Message.objects.get(profile=ada)
    return f"/preferences/{tokens.issue('preferences', ada.pk, message.pk)}/"


def mailed(expected=1):
    """The newest mail that goes now, and the path of its link."""
    issue_due()
    with smtp_server() as server:
        send_due()
    assert len(server.mails) == expected
    if not expected:
        return "", ""
    text = server.message(-1).get_body(("plain",)).get_content()
    return text, re.search(r"/privacy/link/[\w-]+/", text)[0]


def test_a_deletion_asked_for_by_an_old_mail_waits_for_the_fresh_link_and_is_then_proved(
    ada, client, preferences
):
    page = client.get(f"{preferences}data/").content.decode()
    assert "ada@example.com" not in page
    assert "Delete my data" in page
    answer = client.post(f"{preferences}data/", {"wish": "erasure", "words": HOSTILE}, follow=True)
    assert "One step is left" in answer.content.decode()
    row = PrivacyRequest.objects.get()
    assert (row.origin, row.type, row.status, row.proven_at) == (
        "preferences", "erasure", "pending", None,
    )  # fmt: skip
    text, path = mailed()
    assert "deletion of your data" in text
    row.refresh_from_db()
    assert row.confirmed_at  # that we have it was told with it
    link = IdentityLink.objects.get()
    token = path.split("/")[-2]
    assert token not in repr(vars(link))
    assert bytes(link.sealed) == b""
    for _ in range(2):  # a scanner looks
        page = client.get(path).content.decode()
    assert "Yes, it is me" in page
    assert "<script>" not in page
    assert "{{ 7|add:7 }}" in page
    row.refresh_from_db()
    assert row.proven_at is None
    mine = client.post(path, follow=True)
    assert "We are on it" in mine.content.decode()
    assert "<script>" not in mine.content.decode()
    assert mine["Referrer-Policy"] == "no-referrer"
    row.refresh_from_db()
    assert row.proven_by == "link: a••@e••••••.com"
    assert row.status == "pending"  # somebody of the team decides
    assert AuditEntry.objects.filter(action="privacy.proven", actor_kind="person").count() == 1
    again = client.post(path)
    assert again.status_code == 410
    assert "used already" in again.content.decode()
    link.refresh_from_db()
    assert link.opened_at
    assert link.attempts == 4
    # with the old mail alone nothing is added to what is known to be theirs
    client.post(f"{preferences}data/", {"wish": "erasure", "words": "me too"})
    row.refresh_from_db()
    assert "me too" not in row.details


def test_what_only_stops_something_is_done_at_once_and_what_is_missing_is_said_beside_its_field(
    ada, client, preferences
):
    answer = client.post(f"{preferences}data/", {"wish": "objection"}, follow=True)
    assert "Done, from now on." in answer.content.decode()
    row = PrivacyRequest.objects.get()
    assert (row.type, row.status) == ("objection", "in_progress")
    assert not IdentityLink.objects.exists()
    answer = client.post(f"{preferences}data/", {"wish": "rectification"})
    assert answer.status_code == 422
    assert "Write what is wrong" in answer.content.decode()
    assert "Choose one of these" in client.post(f"{preferences}data/").content.decode()
    assert PrivacyRequest.objects.count() == 1
    for _ in range(9):  # a link that was passed on is pressed again and again
        drain()
        client.post(f"{preferences}data/", {"wish": "objection"})
    assert PrivacyRequest.objects.count() == 3


def test_asking_by_an_address_says_the_same_to_whoever_asks_and_opens_the_page_of_its_owner_alone(
    ada, client
):
    make_identifier(make_person("eve"), "email", "planted@example.com", verified_at=None)
    assert "Send me a link" in client.get("/privacy/").content.decode()
    known = client.post("/privacy/", {"address": " ADA@example.com "}).content.decode()
    unknown = client.post("/privacy/", {"address": "nobody@example.com"}).content.decode()
    planted = client.post("/privacy/", {"address": "planted@example.com"}).content.decode()
    assert known.replace("ada@", "x@") == unknown.replace("nobody@", "x@")
    assert known.replace("ada@", "x@") == planted.replace("planted@", "x@")
    assert client.post("/privacy/", {"address": HOSTILE}).status_code == 422
    text, path = mailed()
    assert "Puncak, Jl. 1" in text
    assert IdentityLink.objects.filter(ended_because="not_theirs").count() == 2
    mine = client.post(path, follow=True)
    assert "Ask for something" in mine.content.decode()
    here = mine.redirect_chain[-1][0]
    found = re.search(r'href="(/preferences/[\w-]+/)', mine.content.decode())[1]
    choices = client.get(found).content.decode()
    assert "a••@e••••••.com" in choices
    client.post(found, {"action": "stop"})
    answer = client.post(here, {"wish": "rectification", "words": "Name is Ada"}, follow=True)
    assert "We have your request." in answer.content.decode()
    row = PrivacyRequest.objects.get()
    assert row.proven_at
    assert row.details == "Name is Ada"
    client.post(here, {"wish": "rectification", "words": "and my street"})
    row.refresh_from_db()
    assert row.details == "Name is Ada\n\nand my street"
    # once the address is another's the page shows nothing of hers
    Identifier.objects.filter(value="ada@example.com").update(verified_at=None)
    assert "Name is Ada" not in client.get(here).content.decode()
    IdentityLink.objects.update(pass_until=timezone.now())
    gone = client.get(here)
    assert gone.status_code == 404
    assert "This page is closed" in gone.content.decode()


def test_a_link_ends_by_time_by_a_newer_one_and_by_too_many_looks_and_offers_a_new_one(ada, client):
    client.post("/privacy/", {"address": "ada@example.com"})
    _text, first = mailed()
    client.post("/privacy/", {"address": "ada@example.com"})
    _text, second = mailed()
    old = client.get(first)
    assert old.status_code == 410
    assert "A newer link took its place" in old.content.decode()
    IdentityLink.objects.update(expires_at=timezone.now())
    late = client.post(second)
    assert late.status_code == 410
    assert "too old" in late.content.decode()
    assert IdentityLink.objects.filter(used_at=None).count() == 2
    answer = client.post(second, {"action": "new"}).content.decode()
    assert "on its way to the same address" in answer
    _text, third = mailed()
    assert third not in (first, second)
    IdentityLink.objects.update(attempts=links.MOST_ATTEMPTS)
    assert client.get(third).status_code == 410
    assert client.post(third).status_code == 410
    assert client.get("/privacy/link/" + "x" * 43 + "/").status_code == 404


def test_nobody_is_bombed_and_nobody_asks_for_everybody(ada, client):
    for _ in range(links.MOST_AN_HOUR + 2):
        answer = client.post("/privacy/", {"address": "ada@example.com"})
        assert "on its way" in answer.content.decode()
    issue_due()
    assert IdentityLink.objects.count() == links.MOST_AN_HOUR
    IdentityLink.objects.update(asked_at=timezone.now() - timedelta(hours=2))
    for n in range(links.MOST_OF_A_CALLER):
        client.post("/privacy/", {"address": f"x{n}@example.com"})
    answer = client.post("/privacy/", {"address": "ada@example.com"})
    assert answer.status_code == 429
    assert IdentityLink.objects.filter(digest=IdentityLink.objects.first().digest).count() == 3


def test_two_who_press_at_once_are_let_in_once_and_no_mail_goes_where_none_may(ada, client):
    client.post("/privacy/", {"address": "ada@example.com"})
    _text, path = mailed()
    token = path.split("/")[-2]
    assert links.use(token)
    assert links.use(token) is None
    suppress(kind="email", value="ada@example.com", reason="hard_bounce")
    client.post("/privacy/", {"address": "ada@example.com"})
    mailed(expected=0)
    assert IdentityLink.objects.filter(ended_because="suppressed").count() == 1
    Profile.objects.filter(pk=ada.pk).update(state="erased")
    assert links.holder_of("x" * 43) is None
