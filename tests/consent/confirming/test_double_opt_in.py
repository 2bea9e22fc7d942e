"""Double opt-in: asked by mail, answered by POST alone, limited, ended; what is kept of each."""

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from config.workspace.access.client_address import home_of
from config.workspace.mails import outgoing
from config.workspace.models import OutgoingMail, Role
from consent.confirming import answering, limits
from consent.confirming.asking import link_to
from consent.ledger.elapsing import elapse
from consent.ledger.recording import record_consents
from consent.models import Confirmation, ConsentEntry, ConsentState, Purpose
from consent.preferences.acting import save
from consent.preferences.choices import Visitor, choices_of
from consent.reach import contactable
from consent.suppression.suppressing import suppress
from profiles.models import Identifier, Profile
from tests.cast import make_event, make_profile, make_user
from tests.consent.policy.test_gate import switch

pytestmark = pytest.mark.django_db
AGENT = "Mozilla/5.0 (test)"


@pytest.fixture
def marketing() -> Purpose:
    Purpose.objects.filter(slug="marketing").update(double_opt_in=True)
    return Purpose.objects.get(slug="marketing")


@pytest.fixture
def api() -> Client:
    client = Client()
    client.force_login(make_user(Role.PRIVACY_OFFICER))
    return client


def post(api: Client, address: str, **more) -> dict:
    body = {"person": f"email:{address}", "purpose": "marketing", "channel": "email"}
    body |= {"status": "granted", "evidence": {"act": "form"}} | more
    answer = api.post("/api/consents/", json.dumps(body), content_type="application/json")
    assert answer.status_code == 201, answer.content
    return answer.json()


def reached(address: str) -> bool:
    people = Profile.objects.filter(id__in=holders(address))
    return contactable(people, purpose="marketing", channel="email").exists()


def holders(address: str) -> list[int]:
    return list(Identifier.objects.filter(value=address).values_list("profile_id", flat=True))


def path_of(row: Confirmation) -> str:
    return "/" + link_to(row).split("/", 3)[3]


def the_mail() -> outgoing.ServiceMail:
    return outgoing.content_of(OutgoingMail.objects.latest("id"))


def test_a_grant_waits_for_the_word_of_the_address_and_counts_from_then_on(api, marketing):
    """Looking changes nothing, as often as a scanner does; the ledger has what was shown."""
    said = post(api, "new@example.com")
    assert (said["outcome"], said["state"], said["asked"]) == ("recorded", "pending", True)
    assert not reached("new@example.com")
    mail = the_mail()
    assert mail.to == "new@example.com" and mail.url.endswith("?lang=en")
    assert not re.search(r"unsubscribe|offer|%", " ".join([mail.subject, *mail.paragraphs]))
    row = Confirmation.objects.get()
    browser = Client(headers={"user-agent": AGENT}, REMOTE_ADDR="203.0.113.7")
    for method in (browser.get, browser.head, browser.get):
        page = method(path_of(row))
        assert page.status_code == 200
        assert page["Referrer-Policy"] == "no-referrer"
    assert not reached("new@example.com")
    text = browser.get(path_of(row)).content.decode()
    assert "new@example.com" not in text and "n••@e••••••.com" in text
    statement = "Yes, I want mails about Marketing at this address."
    assert statement in text
    assert text.count('class="r-btn r-big-btn"') == 2, "no is as prominent as yes"

    assert "Confirmed" in browser.post(path_of(row), {"action": "confirm"}).content.decode()
    assert reached("new@example.com")
    entry = ConsentEntry.objects.filter(status="granted").get()
    assert entry.evidence == {
        "act": "double_opt_in",
        "collection_point": "confirmation page",
        "asked_at": row.asked_at.isoformat(),
        "asked": row.entry_id,
        "wording_id": row.wording_id,
        "ip": "203.0.113.7",
        "user_agent": AGENT,
    }
    assert (entry.wording, entry.language, entry.actor) == (statement, "en", "person")
    browser.post(path_of(row), {"action": "confirm"})
    assert ConsentEntry.objects.filter(status="granted").count() == 1, "said twice"
    assert "ended" in browser.post(path_of(row), {"action": "refuse"}).content.decode()
    assert browser.post(path_of(row), {"action": "else"}).status_code == 400
    assert browser.get("/confirm/" + "x" * 40 + "/").status_code == 404


def test_no_is_an_answer_and_a_later_yes_needs_a_new_question(api, marketing):
    post(api, "not.me@example.com")
    row = Confirmation.objects.get()
    text = Client().post(path_of(row), {"action": "refuse"}).content.decode()
    assert "You said no" in text
    assert ConsentState.objects.get().status == "denied"
    assert "ended" in Client().post(path_of(row), {"action": "confirm"}).content.decode()
    assert not reached("not.me@example.com")


def test_what_brings_its_proof_or_stands_already_is_not_asked(api, marketing):
    proven = post(api, "a@example.com", evidence={"act": "double_opt_in"})
    assert (proven["state"], proven["asked"]) == ("granted", False)
    again = post(api, "a@example.com", evidence={"act": "form"})
    assert (again["state"], again["asked"]) == ("granted", False), "a sync says it each night"
    sold = post(api, "a@example.com", basis="soft_opt_in", evidence={})
    assert not sold["asked"]
    assert post(api, "b@example.com", purpose="service")["asked"] is False
    assert post(api, "c@example.com", status="denied")["asked"] is False
    assert not OutgoingMail.objects.exists()


def test_the_policy_of_a_country_wants_it_where_the_purpose_does_not(api):
    make_profile("Greta", email="greta@example.com", country="Germany")
    make_profile("Nina", email="nina@example.com", country="NL")
    assert not post(api, "greta@example.com")["asked"]
    record_consents([])
    switch("de-double-opt-in")
    make_profile("Hans", email="hans@example.com", country="DE")
    assert post(api, "hans@example.com")["asked"]
    assert not post(api, "nina@example.com")["asked"]


def test_few_mails_go_to_an_address_and_few_come_from_a_network(api, marketing, monkeypatch):
    """Each is answered with its reason, and counted."""
    assert post(api, "a@example.com")["asked"]
    kept = post(api, "a@example.com")
    assert (kept["id"], kept["outcome"], kept["reason"]) == (None, "refused", "too_soon")
    assert ConsentEntry.objects.count() == 1, "the ledger is not filled with it"
    for n in range(2):
        Confirmation.objects.update(asked_at=timezone.now() - timedelta(minutes=11 + n))
        assert post(api, "a@example.com")["asked"]
    Confirmation.objects.update(asked_at=timezone.now() - timedelta(minutes=30))
    assert post(api, "a@example.com")["reason"] == "too_many_for_address"
    suppress(kind="email", value="dead@example.com", reason="hard_bounce")
    assert post(api, "dead@example.com")["reason"] == "suppressed"

    monkeypatch.setattr(limits, "AN_HOUR", 3)
    given = {"act": "form", "ip": "2001:db8::1"}
    answers = [
        post(api, f"n{n}@example.com", evidence=given | {"ip": f"2001:db8::{n}"})
        for n in range(limits.AN_HOUR + 1)
    ]
    assert home_of("2001:db8::1") == home_of("2001:db8::9")
    assert [one["asked"] for one in answers] == [True] * limits.AN_HOUR + [False]
    assert answers[-1]["reason"] == "too_many_from_caller"
    assert limits.unasked_lately() == {
        "too_soon": 1, "too_many_for_address": 1, "suppressed": 1, "too_many_from_caller": 1
    }  # fmt: skip
    page = api.get("/console/").content.decode()
    assert "<b" in page and "double opt-ins were not sent" not in page, "a finger that slipped"
    limits.count_unasked(["too_many_from_caller"])
    page = api.get("/console/").content.decode()
    assert "5 double opt-ins were not sent" in page
    assert "Most often, 2 times: Too many addresses were given from this network." in page
    many = [
        {"person": "email:z@example.com", "purpose": "marketing", "channel": "email"}
        | {"status": "granted"}
    ] * 3
    found = api.post("/api/consents/", json.dumps(many), content_type="application/json").json()
    assert [one["asked"] for one in found] == [True, False, False], "within one call too"


def test_a_reminder_is_off_until_a_purpose_wants_one_and_comes_once(api, marketing):
    post(api, "a@example.com")
    Confirmation.objects.update(asked_at=timezone.now() - timedelta(days=4))
    assert answering.settle_due() == 0
    Purpose.objects.filter(pk=marketing.pk).update(remind_days=2)
    post(api, "b@example.com")
    Confirmation.objects.filter(contact_point="b@example.com").update(remind_at=timezone.now())
    assert answering.settle_due() == 1
    assert answering.settle_due() == 0
    assert OutgoingMail.objects.filter(key__endswith="-again").count() == 1


def test_who_is_nothing_but_an_unconfirmed_address_is_taken_away(api, marketing):
    """Whoever is more keeps their address, without the permission; and all may come back."""
    for address in ("alone@example.com", "shopper@example.com", "said.no@example.com"):
        post(api, address)
    shopper = Profile.objects.get(pk=holders("shopper@example.com")[0])
    make_event(shopper, "Order Completed")
    known = make_profile("Known", email="known@example.com", user_id="u-1")
    post(api, "known@example.com")
    post(api, "said.no@example.com", purpose="personalisation", channel="", status="denied")
    assert answering.settle_due() == 0
    alone = holders("alone@example.com")[0]
    over = timezone.now() - timedelta(seconds=1)
    Confirmation.objects.update(expires_at=over)
    page = Client().get(path_of(Confirmation.objects.get(profile_id=alone))).content.decode()
    assert "This link has ended" in page
    assert answering.settle_due() == 4
    elapse(timezone.now() + timedelta(days=8))
    assert holders("alone@example.com") == []
    assert Profile.objects.get(pk=alone).state == "erased"
    assert not ConsentEntry.objects.filter(contact_point="alone@example.com").exists()
    assert not OutgoingMail.objects.filter(key__startswith=f"confirm-{alone}-").exists()
    for address in ("shopper@example.com", "known@example.com", "said.no@example.com"):
        [holder] = holders(address)
        states = ConsentState.objects.filter(profile_id=holder, channel="email")
        assert [state.status for state in states] == ["expired"], address
    assert holders("known@example.com") == [known.pk]
    again = post(api, "alone@example.com")
    assert again["asked"], "tomorrow they may mean it"


def test_the_preference_page_asks_by_mail_too(marketing):
    """Whoever holds an old link need not be who reads the mailbox."""
    person = make_profile("Ada", email="ada@example.com")
    visitor = Visitor(person.pk, "ada@example.com", "email")
    name = next(one.name for one in choices_of(visitor) if one.group == "topics")
    [answer] = save(visitor, {name: True}, caller="198.51.100.9")
    assert answer.is_asked and answer.state == "pending"
    [kept] = save(visitor, {name: True}, caller="198.51.100.9")
    assert kept.reason == "too_soon"
    assert not reached("ada@example.com")
    Client().post(path_of(Confirmation.objects.get()), {"action": "confirm"})
    assert reached("ada@example.com")


def test_a_purpose_says_it_in_words_of_its_own_and_each_is_a_version(api, marketing):
    """Who was asked in the old words agreed to those, whatever is said since."""
    post(api, "old@example.com")
    page = f"/console/consent/purpose/{marketing.pk}/change/"
    shown = api.get(page).content.decode()
    assert "Please confirm: {purpose}" in shown and "Mohon konfirmasi: {purpose}" in shown
    given = {
        "name": "Marketing", "description": "News.", "position": 1, "confirm_days": 3,
        "double_opt_in": "on", "remind_days": "", "subject_en": "One click for {purpose}",
        "text_en": "Was it you?", "statement_en": "Yes, send me {purpose}.",
        "topics-TOTAL_FORMS": 0, "topics-INITIAL_FORMS": 0,
    }  # fmt: skip
    answer = api.post(page, given)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    marketing.refresh_from_db()
    assert marketing.double_opt_in and marketing.confirm_days == 3
    post(api, "new@example.com")
    assert the_mail().subject == "One click for Marketing"
    rows = Confirmation.objects.order_by("id")
    assert [row.wording.key for row in rows] == ["double-opt-in", "double-opt-in-marketing"]
    for row in rows:
        Client().post(path_of(row), {"action": "confirm"})
    said = ConsentEntry.objects.filter(status="granted").order_by("id")
    assert [entry.wording for entry in said] == [
        "Yes, I want mails about Marketing at this address.",
        "Yes, send me Marketing.",
    ]
