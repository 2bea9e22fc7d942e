"""The officer's side of identity and letters: the link, the words, what went and what did not."""

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.delivery.service_mails import send_due
from campaigns.models import Sender
from config.home.needs import needs
from config.workspace.models import AuditEntry, OutgoingMail, Role, Workspace
from config.workspace.selectors import forget_workspace
from config.workspace.work.due import drain
from consent.letters.sending import address_of
from consent.letters.texts import standard_text
from consent.models import IdentityLink, PrivacyRequest, RequestLetter
from consent.privacy.erasure.exceptions import keep
from consent.privacy.erasure.searching import search
from consent.privacy.requests import cancel, confirm, extend, open_request, settle
from consent.privacy.subject import KnownBy
from consent.suppression.suppressing import suppress
from profiles.models import Profile
from tests.campaigns.builders import make_person, smtp_server
from tests.cast import make_event, make_identifier, make_user

pytestmark = pytest.mark.django_db
LIST = "/console/privacy/requests/"
MAYA = "maya@example.com"
HOSTILE = '<img src=x onerror="alert(1)"> \u202e {{ 7 }}'


@pytest.fixture
def officer():
    client = Client()
    client.force_login(make_user(Role.PRIVACY_OFFICER))
    return client


@pytest.fixture
def maya():
    Sender.objects.create(name="Puncak", address="hello@puncak.example", is_default=True)
    return make_person("maya")


def sent():
    with smtp_server() as server:
        while send_due():
            pass
    return [
        (to, server.message(n)["Subject"], server.message(n).get_body(("plain",)).get_content())
        for n, (to, _mail) in enumerate(server.mails)
    ]


def test_the_officer_sends_the_link_words_the_letter_and_the_erased_get_their_last_letter(
    officer, maya
):
    row = open_request(type_="erasure", references=[f"email:{MAYA}"], language="id-ID")
    one = f"{LIST}{row.public_id}/"
    page = officer.get(one).content.decode()
    assert "Send the link" in page
    assert "goes with its step" in page
    page = officer.post(f"{one}link/", follow=True).content.decode()
    assert "It is the person&#x27;s turn" in page
    drain()
    assert [to for to, *_rest in sent()] == [MAYA]
    page = officer.get(one).content.decode()
    assert "waits for the person" in page
    board = officer.get(f"{LIST}?view=board").content.decode()
    assert "Proving identity" in board
    page = officer.post(
        f"{one}confirm/", {"because": "Called back <b>"}, follow=True
    ).content.decode()
    assert "Called back &lt;b&gt;" in page
    words = {
        "kind": "completed",
        "subject": f"Goodbye {HOSTILE}",
        "body": f"Dear {MAYA}\r\n\r\n{HOSTILE}",
    }
    page = officer.post(f"{one}letter/", words, follow=True).content.decode()
    assert "worded by you" in page
    assert "<img" not in page
    board = officer.get(f"{LIST}?view=board").content.decode()
    assert "Erase…" in board  # what cannot be undone is done on its own page
    officer.post(f"{one}complete/", {"from": "board"})
    drain()
    row.refresh_from_db()
    assert row.status == "completed"
    assert row.result["certificate"]["address_sealed_days"] == 7
    assert search([KnownBy("email", MAYA)])["found"] == []
    letter = RequestLetter.objects.get(kind="completed")
    assert (bytes(letter.sealed), letter.address) == (b"", "")
    [(to, subject, text)] = sent()
    assert to == MAYA
    assert subject.startswith("Goodbye")
    assert HOSTILE.split(maxsplit=1)[0] in text
    assert bytes(OutgoingMail.objects.get(kind="privacy.completed").sealed) == b""
    page = officer.get(one).content.decode()
    assert "What it said went with the person" in page
    assert RequestLetter.objects.filter(kind="received", queued_at__isnull=False).count() == 0
    assert AuditEntry.objects.filter(action="privacy.letter_sent").count() == 1
    assert not Profile.objects.living().filter(pk=maya.pk).exists()


def test_each_step_tells_the_person_once_in_their_language_and_reasons_stand_as_they_were_given(
    maya,
):
    row = open_request(type_="rectification", references=[f"email:{MAYA}"], language="xx")
    confirm(row, proof="by phone")
    extend(row, because=f"many {HOSTILE}")
    cancel(row, because="we do not hold that")
    mails = sent()
    assert [to for to, *_rest in mails] == [MAYA] * 3
    received, longer, refused = (f"{subject} {text}" for _to, subject, text in mails)
    assert "a correction of your data" in received
    assert HOSTILE.split(maxsplit=1)[0] in longer
    assert "we do not hold that" in refused
    assert "complain to the authority" in refused
    assert str(row.public_id) in refused
    Workspace.objects.update(locale="id")
    forget_workspace()
    at_once = open_request(type_="objection", references=[f"email:{MAYA}"], language="xx")
    drain()
    at_once.refresh_from_db()
    assert at_once.status == "completed"
    [(to, subject, text)] = sent()
    assert to == MAYA
    assert RequestLetter.objects.get(request=at_once).language == "id"


def test_nobody_is_written_to_whose_address_is_not_verified_may_not_be_used_or_who_asked_elsewhere(
    officer, maya
):
    eve = make_person("eve")
    make_identifier(eve, "email", "planted@example.com", verified_at=None)
    row = open_request(type_="erasure", references=["email:planted@example.com"])
    assert address_of(row) == "eve@example.com"  # what a browser named is no address of hers
    suppress(kind="email", value="eve@example.com", reason="hard_bounce")
    assert address_of(row) == ""
    one = f"{LIST}{row.public_id}/"
    page = officer.post(f"{one}link/", follow=True).content.decode()
    assert "No verified mail address" in page
    assert not IdentityLink.objects.exists()
    confirm(row, proof="seen")
    unknown = open_request(type_="erasure", references=["email:nobody@example.com"])
    settle(unknown)
    drain()
    withheld = open_request(type_="rectification", references=[f"email:{MAYA}"])
    for words in ({"kind": "cancelled", "subject": "", "body": "", "is_withheld": "on"},):
        officer.post(f"{LIST}{withheld.public_id}/letter/", words)
    cancel(withheld, because="by phone")
    assert sent() == []
    page = officer.post(f"{LIST}{withheld.public_id}/letter/", {"kind": "odd"}, follow=True)
    assert "There is no such letter" in page.content.decode()


def test_rest_sends_the_link_tells_how_far_it_is_and_words_the_letters(officer, maya):
    row = open_request(
        type_="rectification", references=[f"email:{MAYA}"], details=f"Name is {HOSTILE}"
    )
    here = f"/api/privacy-requests/{row.public_id}/"
    assert officer.get(here).json()["details"] == f"Name is {HOSTILE}"
    assert officer.get(f"{here}identity/").json()["links"] == []
    answer = officer.post(f"{here}identity/")
    assert answer.status_code == 202
    assert answer.json()["address"] == MAYA
    drain()
    link = officer.get(f"{here}identity/").json()["links"][0]
    assert link["sent_at"]
    assert not {"token", "token_digest"} & set(link)
    kinds = [one["kind"] for one in officer.get(f"{here}letters/").json()["letters"]]
    assert kinds == ["completed", "extended", "cancelled"]  # received was told with the link
    words = {"subject": "S", "text": "T"}
    answer = officer.put(f"{here}letters/completed/", words, content_type="application/json")
    assert (answer.json()["subject"], answer.json()["edited"]) == ("S", True)
    answer = officer.put(f"{here}letters/completed/", {}, content_type="application/json")
    assert answer.json()["edited"] is False
    assert (
        officer.put(f"{here}letters/odd/", {}, content_type="application/json").status_code == 404
    )
    PrivacyRequest.objects.update(proven_at=row.received_at)
    assert officer.post(f"{here}identity/").status_code == 409


def test_home_says_that_a_letter_never_arrived(maya):
    row = open_request(type_="rectification", references=[f"email:{MAYA}"])
    cancel(row, because="no")
    somebody = make_user(Role.ADMIN)
    titles = {str(need.title) for need in needs(somebody)}
    OutgoingMail.objects.update(failed_at=timezone.now(), last_error="550 no such user")
    [more] = [need for need in needs(somebody) if str(need.title) not in titles]
    assert str(more.title) == "A letter about a privacy request was not delivered"
    assert str(row.public_id) in more.url


def test_the_last_letter_says_what_a_law_keeps_and_on_which_ground(maya):
    row = open_request(type_="erasure", references=[f"email:{MAYA}"])
    keep(row, data_class="orders", ground="tax", because="§ 147 AO", months=120)
    make_event(maya, "Order Completed", revenue=5, order_id="1")
    before = standard_text(row, "completed").body
    settle(row)
    drain()
    [(_to, _subject, text)] = sent()
    for said in (before, text):
        assert "Orders, refunds and their lines: Tax and accounting law: § 147 AO" in said
    assert "proves that a request was answered" in text
