"""From the archive that a worker made to the person who fetches it, without what is withheld."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Sender
from config.workspace.access import guessing
from config.workspace.models import AuditEntry, Role, User
from config.workspace.work.due import drain
from config.workspace.work.pruning import PRUNERS
from consent.archives import files
from consent.archives.files import path_of
from consent.models import ArchiveDownload, IdentityLink, PersonArchive, PrivacyRequest
from consent.privacy.due import OLDEST_STARTED
from consent.privacy.erasure.searching import search
from consent.privacy.requests import confirm, open_request, settle
from consent.privacy.subject import KnownBy
from tests.campaigns.builders import make_person
from tests.cast import make_event, make_user, set_trait
from tests.config.console.signing_in.test_again import grow_old
from tests.consent.privacy.test_letters import sent

pytestmark = pytest.mark.django_db
LIST = "/console/privacy/requests/"
MAYA = "maya@example.com"
HOSTILE = "</style><script>alert(1)</script> \u202e & Bob Friend"


@pytest.fixture
def officer():
    guessing.forget()
    client = Client()
    client.force_login(make_user(Role.PRIVACY_OFFICER))
    return client


@pytest.fixture
def row():
    Sender.objects.create(name="Puncak", address="hello@puncak.example", is_default=True)
    person = make_person("maya")
    set_trait(person, "gift_for", HOSTILE)
    make_event(person, "Order Completed", properties={"note": HOSTILE, "deep": [{"a": [1, True]}]})
    request = open_request(type_="access", references=[f"email:{MAYA}"], origin="console")
    confirm(request, proof="by phone")
    settle(request)
    drain()
    request.refresh_from_db()
    return request


def link_in(mails):
    return re.search(r"https?://[^/]+(/privacy/\w+/[\w-]+/)", mails[-1][2])[1]


def test_the_officer_reads_it_withholds_what_is_others_and_the_person_fetches_it_by_a_fresh_link(
    officer, row
):
    one = f"{LIST}{row.public_id}/"
    page = officer.get(one).content.decode()
    assert "Read it, then hand it over" in page
    assert row.status == "in_progress"
    with_cursor = row.__class__.objects.raw(f"SELECT 1 AS id WHERE ({OLDEST_STARTED}) IS NULL")
    assert len(list(with_cursor)) == 1  # nobody's work stands still while somebody reads
    review = officer.get(f"{one}archive/?table=event").content.decode()
    assert "Bob Friend" in review
    assert "<script>alert" not in review
    found = officer.get(f"{one}archive/?table=profile_trait&q=bob").content.decode()
    assert found.count('class="r-entry"') == 1
    place = re.search(r'name="row" value="(\d+)"', found)[1]
    wrong = {"table": "profile_trait", "row": place, "field": "value", "ground": "others"}
    answer = officer.post(f"{one}archive/withhold/", wrong, follow=True)
    assert "Say why it is withheld" in answer.content.decode()
    officer.post(f"{one}archive/withhold/", wrong | {"reason": "names Bob"})
    every = {"table": "event", "field": "properties", "everywhere": "on", "ground": "others"}
    officer.post(f"{one}archive/withhold/", every | {"reason": "names Bob"})
    whole = every | {"table": "profile", "field": "traits", "reason": "x"}
    officer.post(f"{one}archive/withhold/", whole)
    answer = officer.post(f"{one}archive/withhold/", every | {"reason": "again"}, follow=True)
    assert "That is withheld already." in answer.content.decode()
    grow_old(officer)
    asked_first = officer.get(f"{one}archive.json")
    assert asked_first["Location"].startswith("/console/security/again/")
    officer.force_login(User.objects.get(role=Role.PRIVACY_OFFICER))
    for form in ("json", "html"):
        text = officer.get(f"{one}archive.{form}").content.decode()
        assert MAYA in text
        assert "the rights of other people" in text
    assert "<script" not in text
    assert not re.search(r"<(link|script|img|iframe)|url\(|@import", text)
    assert officer.get(f"{one}archive.exe").status_code == 404
    page = officer.post(
        f"{one}archive/release/", {"days": "14", "downloads": "2"}, follow=True
    ).content.decode()
    assert "the link is on its way" in page
    row.refresh_from_db()
    assert row.status == "completed"
    mails = sent()
    assert [to for to, *_rest in mails][-1] == MAYA
    person, archive_link = Client(), link_in(mails)
    assert "we send one more mail" in person.get(archive_link).content.decode()
    assert "A link is on its way" in person.post(archive_link).content.decode()
    drain()
    mine = person.post(link_in(sent()), follow=True)
    here = mine.redirect_chain[-1][0].partition("?")[0]
    assert "My data, to read" in mine.content.decode()
    got = person.post(f"{here}archive.html", {"request": str(row.public_id)})
    assert "attachment" in got["Content-Disposition"]
    assert "What machines decide" in got.content.decode()
    assert "Bob Friend" not in got.content.decode()
    got = person.post(
        f"{here}archive.json", {"request": str(row.public_id)}, REMOTE_ADDR="203.0.113.77"
    )
    data = json.loads(got.content)
    assert data["data"]["event"][0]["properties"] == {"withheld": "others"}
    again = person.post(f"{here}archive.json", {"request": str(row.public_id)})
    assert again.status_code == 404
    assert ArchiveDownload.objects.get(form="json").client == "203.0.113.…"
    page = officer.get(one).content.decode()
    assert "fetched as often as it could be" in page
    assert person.get(archive_link).status_code == 410
    other = open_request(type_="access", references=["email:nobody@example.com"])
    assert person.post(f"{here}archive.json", {"request": str(other.public_id)}).status_code == 404


def test_a_link_is_revoked_and_ends_by_time_and_its_file_goes_with_it(officer, row):
    one = f"{LIST}{row.public_id}/"
    odd = {"days": "999", "downloads": "1"}
    too_long = officer.post(f"{one}archive/release/", odd, follow=True)
    assert "1 to 60 days" in too_long.content.decode()
    officer.post(f"{one}archive/release/", {"days": "1", "downloads": "1"})
    link = link_in(sent())
    change = {"table": "event", "field": "properties", "everywhere": "on", "ground": "others"}
    late = officer.post(f"{one}archive/withhold/", change | {"reason": "x"}, follow=True)
    assert "revoke the link first" in late.content.decode()
    officer.post(f"{one}archive/revoke/")
    assert Client().get(link).status_code == 404
    officer.post(f"{one}archive/withhold/", change | {"reason": "x"})
    officer.post(f"{one}archive/release/", {"days": "1", "downloads": "1"})
    second = link_in(sent())
    assert second != link
    PersonArchive.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert Client().get(second).status_code == 410
    assert path_of(row).stat().st_mode & 0o077 == 0
    assert PRUNERS.get("archives")(timezone.now()) == 1
    assert not path_of(row).exists()
    page = officer.get(f"{one}archive.json", follow=True).content.decode()
    assert "Make it anew" in page
    officer.post(f"{one}archive/make/")
    drain()
    assert path_of(row).exists()
    assert not PersonArchive.objects.get().redactions.exists()


def test_an_erasure_takes_the_file_and_the_reasons_and_the_search_finds_nothing(
    officer, row, settings
):
    settings.VAR_DIR = Path(files.FOLDER).parent  # so that the search walks there
    one = f"{LIST}{row.public_id}/"
    change = {"table": "event", "field": "properties", "everywhere": "on", "ground": "others"}
    officer.post(f"{one}archive/withhold/", change | {"reason": f"as {MAYA} says"})
    assert any(one.get("file") for one in search([KnownBy("email", MAYA)])["found"])
    erasure = open_request(type_="erasure", references=[f"email:{MAYA}"])
    settle(erasure)
    drain()
    erasure.refresh_from_db()
    assert erasure.status == "completed"
    assert erasure.result["erased"]["file:archives"] == 1
    assert search([KnownBy("email", MAYA)])["found"] == []
    assert not list(Path(files.FOLDER).glob("*"))


def test_rest_withholds_hands_over_and_revokes_and_a_system_of_ours_fetches_what_it_asked_for(
    officer, row
):
    here = f"/api/privacy-requests/{row.public_id}/archive/"
    assert MAYA in json.dumps(officer.get(here).json())
    body = {"table": "event", "field": "properties", "ground": "secret", "reason": "x"}
    made = officer.post(f"{here}redactions/", body, content_type="application/json")
    assert made.status_code == 201
    odd = body | {"table": "nothing"}
    answer = officer.post(f"{here}redactions/", odd, content_type="application/json")
    assert answer.status_code == 409
    assert officer.get(here).json()["data"]["event"][0]["properties"] == {"withheld": "secret"}
    number = made.json()["id"]
    assert officer.delete(f"{here}redactions/{number}/").status_code == 204
    assert officer.delete(f"{here}redactions/{number}/").status_code == 404
    answer = officer.post(f"{here}release/", {"days": 3}, content_type="application/json")
    assert (answer.json()["state"], answer.json()["most_downloads"]) == ("open", 10)
    assert officer.post(f"{here}make/").status_code == 409
    assert officer.post(f"{here}revoke/").json()["state"] == "revoked"
    assert officer.post(f"{here}revoke/").status_code == 409
    assert officer.post(f"{here}make/").status_code == 202
    by_key = open_request(type_="portability", references=[f"email:{MAYA}"], origin="api")
    settle(by_key)
    drain()
    by_key.refresh_from_db()
    assert by_key.status == "completed"
    answer = officer.get(f"/api/privacy-requests/{by_key.public_id}/archive/")
    assert answer.json()["data"]["profile"]
    assert AuditEntry.objects.filter(action="privacy.archive_released").count() == 1
    assert not IdentityLink.objects.exists()
    assert PrivacyRequest.objects.filter(status="completed").count() == 2
