"""The ledger on screens, of everybody and of one as of a past day; what waits, in the menu."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from config.console.shell import waiting
from config.home.privacy_needs import privacy_needs
from config.workspace.models import Role
from consent.incidents.reporting import report, tell
from consent.ledger import history
from consent.ledger.recording import Statement, record_consents
from consent.models import ConsentEntry, PrivacyRequest, Purpose
from consent.privacy.requests import open_request
from profiles.models import Profile
from tests.cast import (
    ago,
    give_consent,
    make_ada,
    make_ben,
    make_event,
    make_profile,
    make_source,
    make_user,
)

pytestmark = pytest.mark.django_db
LEDGER = "/console/privacy/permissions/"
HOSTILE = "<script>alert(1)</script>"


def client_of(role: str) -> Client:
    client = Client()
    client.force_login(make_user(role))
    return client


def text(client: Client, address: str) -> str:
    return client.get(address, follow=True).content.decode()


def withdraw(person, days: float) -> None:
    purpose = Purpose.objects.get(slug="marketing")
    said = Statement(
        profile_id=person.pk, purpose_id=purpose.pk, channel="email", status="withdrawn",
        contact_point=f"{person.display_name.split()[0].lower()}@example.com", basis="consent",
        actor="person", at=ago(days), wording=HOSTILE, language="en",
        evidence={"act": "preference_page", "ip": "203.0.113.7", "user_agent": "Firefox"},
    )  # fmt: skip
    record_consents([said])


def test_what_one_allowed_is_told_as_of_a_past_day_with_the_words_and_the_proof():
    ada = make_ada()
    withdraw(ada, 3)
    officer = client_of(Role.PRIVACY_OFFICER)
    page = text(officer, f"{LEDGER}?q=ada@example.com")
    assert "As it stands now" in page, "the only one who is found is opened at once"
    now = page[: page.index("Everything that was said")]
    assert "Withdrawn" in now
    assert "Granted" not in now
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert "203.0.113.7" in page
    assert "Not sealed yet" in page, "a proof is offered once it is sealed"
    before = text(officer, f"{LEDGER}{ada.public_id}/?on={ago(5):%Y-%m-%d}")
    then = before[: before.index("Everything that was said")]
    assert "Granted" in then
    assert "Withdrawn" not in then
    assert "Nothing had been said by then" in text(
        officer, f"{LEDGER}{ada.public_id}/?on=2001-01-01"
    )
    for wrong in ("tomorrow", f"{timezone.now() + timedelta(days=3):%Y-%m-%d}", "2026-02-31"):
        assert "This is no day that is over" in text(
            officer, f"{LEDGER}{ada.public_id}/?on={wrong}"
        )


def test_the_ledger_of_everybody_is_narrowed_and_read_in_portions(monkeypatch):
    people = [make_profile(f"Person{n} Doe", email=f"person{n}@example.com") for n in range(4)]
    for person in people:
        give_consent(person)
    withdraw(people[0], 1)
    ids = list(ConsentEntry.objects.order_by("-id").values_list("id", flat=True))
    monkeypatch.setattr(history, "WINDOW", 2)
    first = history.newest({}, None, 3)
    assert [one.id for one in first.entries] == ids[:3]
    assert [one.id for one in history.newest({}, first.below, 3).entries] == ids[3:6]
    monkeypatch.setattr(history, "WINDOWS", 1)
    cut = history.newest({"status": "denied"}, None, 3)
    assert (cut.entries, cut.is_cut) == ([], True)
    monkeypatch.undo()
    officer = client_of(Role.PRIVACY_OFFICER)
    page = text(officer, f"{LEDGER}?status=withdrawn")
    assert "person0@example.com" in page
    assert "person1@example.com" not in page
    assert "No permission was ever said that way" in text(officer, f"{LEDGER}?source=999&channel=x")
    assert "Whose ledger?" in text(officer, f"{LEDGER}?q=Person")
    assert "Nobody is known by this" in text(officer, f"{LEDGER}?q=nobody@example.com")


def test_whom_a_role_does_not_see_it_does_not_read_or_find_here():
    ada = make_ada()
    withdraw(ada, 1)
    analyst = client_of(Role.ANALYST)
    assert "Nobody is known by this" in text(analyst, f"{LEDGER}?q=ada@example.com")
    for address in (LEDGER, f"{LEDGER}{ada.public_id}/"):
        page = text(analyst, address)
        assert "ada@example.com" not in page
        assert "203.0.113.7" not in page
        assert "Proof as a file" not in page


def test_the_menu_says_what_waits_and_how_soon():
    officer, ben = client_of(Role.PRIVACY_OFFICER), make_ben()
    assert "open request" not in text(officer, LEDGER)
    row = open_request(type_="erasure", references=[f"rapport_id:{ben.public_id}"])
    waiting.forget()
    assert 'class="sh-wait" title="1 open request"' in text(officer, LEDGER)
    PrivacyRequest.objects.filter(pk=row.pk).update(due_at=timezone.now() - timedelta(hours=1))
    source = make_source("Till")
    report(
        {"kind": "source", "subject_id": source.pk, "title": "Stolen", "since": ago(2),
         "until": ago(1), "known_at": ago(1), "note": ""}, None,
    )  # fmt: skip
    waiting.forget()
    page = text(officer, LEDGER)
    assert 'class="sh-wait is-bad" title="1 open request"' in page
    assert "1 open incident" in page
    assert "open request" not in text(client_of(Role.MARKETER), "/console/")


def test_an_incident_of_which_a_clock_runs_stands_on_home_until_all_were_told():
    officer, source = make_user(Role.PRIVACY_OFFICER), make_source("Till")
    ada = make_ada()
    make_event(ada, "Order Completed", days_ago=1.5, source=source)
    Profile.objects.filter(pk=ada.pk).update(country="NL")
    row = report(
        {"kind": "source", "subject_id": source.pk, "title": HOSTILE, "since": ago(2),
         "until": ago(-1), "known_at": ago(1), "note": ""}, None,
    )  # fmt: skip
    assert row.counted["people"] == 1
    (need,) = privacy_needs(officer)
    assert "&lt;script&gt;" in str(need.title)
    assert "told" in str(need.text)
    for whom in ("authority", "people"):
        tell(row, whom)
    assert privacy_needs(officer) == []
