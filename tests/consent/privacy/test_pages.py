"""The officer's screens: from a letter to the certificate."""

from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from config.workspace.models import Role
from config.workspace.work.due import drain
from consent.models import ErasureException, PrivacyRequest
from consent.pages.requests import lists
from consent.privacy.requests import open_request
from profiles.models import Event
from tests.campaigns.builders import make_person
from tests.cast import make_event, make_identifier, make_user

pytestmark = pytest.mark.django_db
LIST = "/console/privacy/requests/"


@pytest.fixture
def officer():
    client = Client()
    client.force_login(make_user(Role.PRIVACY_OFFICER))
    return client


def test_from_a_letter_to_the_certificate(officer):
    person = make_person("maya")
    make_identifier(person, "phone", "+31612345678")
    assert "Nobody has asked yet" in officer.get(LIST).content.decode()
    wrong = {"type": "erasure", "identifier": "phone:nonsense", "regulation": "gdpr"}
    assert "is written as" in officer.post(f"{LIST}new/", wrong).content.decode()
    asked = wrong | {"identifier": "phone:+31 6 12345678"}
    page = officer.post(f"{LIST}new/", asked, follow=True).content.decode()
    assert "Make sure that it is them" in page
    assert "+31612345678" in page
    row = PrivacyRequest.objects.get()
    one = f"{LIST}{row.public_id}/"
    page = officer.post(f"{one}confirm/", follow=True).content.decode()
    assert "Erase this person for good" in page
    officer.post(f"{one}comment/", {"because": "<b>by letter</b>"})
    page = officer.post(f"{one}complete/", follow=True).content.decode()
    assert "The worker is at it" in page
    assert "&lt;b&gt;by letter" in page
    drain()
    page = officer.get(one).content.decode()
    assert "Nothing was found." in page
    assert "+31612345678" not in page
    assert officer.get(f"{LIST}{uuid4()}/certificate/").status_code == 404
    proof = officer.get(f"{one}certificate/").content.decode()
    assert "signature right" in proof
    assert "Nothing was found." in proof
    assert "+31612345678" not in proof
    row.refresh_from_db()
    row.result["certificate"]["found"] = [{"table": "<b>", "column": "x"}]
    PrivacyRequest.objects.filter(pk=row.pk).update(result=row.result)
    changed = officer.get(f"{one}certificate/").content.decode()
    assert "changed since it was signed" in changed
    assert "&lt;b&gt;" in changed
    row.result["certificate"]["found"] = []
    PrivacyRequest.objects.filter(pk=row.pk).update(result=row.result)
    answer = officer.get(f"{one}certificate.json")
    assert answer.json()["found"] == []
    assert "attachment" in answer.headers["Content-Disposition"]
    page = officer.post(f"{one}cancel/", {"because": "x"}, follow=True).content.decode()
    assert "It is completed already." in page
    assert "Erasure" in officer.get(LIST).content.decode()


def test_what_has_to_stay_is_chosen_with_its_ground_and_ended(officer):
    person = make_person("ines")
    make_event(person, "Order Completed", at=timezone.now())
    officer.post(
        f"{LIST}new/", {"type": "erasure", "identifier": "ines@example.com", "regulation": "gdpr"}
    )
    one = f"{LIST}{PrivacyRequest.objects.get().public_id}/"
    assert "Nothing: all of it goes." in officer.get(one).content.decode()
    wrong = {"data_class": "orders", "ground": "tax", "because": "AO 147", "until": "2020-01-01"}
    page = officer.post(f"{one}keep/", wrong).content.decode()
    assert "The last day is over already." in page
    assert "AO 147" in page
    officer.post(f"{one}keep/", wrong | {"until": "", "months": "120"})
    page = officer.get(one).content.decode()
    assert "Tax and accounting law: AO 147, 120 months from its own day" in page
    assert "keeps it, whole" in page
    officer.post(f"{one}confirm/")
    officer.post(f"{one}complete/")
    drain()
    assert Event.objects.filter(profile=person).count() == 1
    (kept,) = officer.get(f"{one}certificate.json").json()["kept"]
    assert kept["rows"] == {"event": 1}
    exception = ErasureException.objects.get()
    officer.post(f"{one}keep/{exception.pk}/end/", {"because": "Law repealed"})
    drain()
    assert not Event.objects.filter(profile=person).exists()
    assert officer.get(f"{one}certificate.json").json()["kept"] == []
    page = officer.get(one).content.decode()
    assert "Law repealed" in page
    page = officer.post(f"{one}keep/", wrong | {"until": ""}).content.decode()
    assert "Only an erasure that has not begun" in page


def test_others_see_no_requests_and_one_who_may_only_look_changes_nothing(officer):
    make_person("maya")
    officer.post(
        f"{LIST}new/",
        {"type": "access", "identifier": "maya@example.com", "regulation": "ccpa"},
    )
    row = PrivacyRequest.objects.get()
    assert row.confirm_by < row.due_at
    marketer = Client()
    marketer.force_login(make_user(Role.MARKETER))
    for address in (LIST, f"{LIST}new/", f"{LIST}{row.public_id}/"):
        assert marketer.get(address).status_code == 403  # noqa: PLR2004
    assert marketer.post(f"{LIST}{row.public_id}/complete/").status_code == 403  # noqa: PLR2004
    assert officer.get(f"{LIST}{row.public_id}/complete/").status_code == 405  # noqa: PLR2004


def test_the_list_of_deadlines_counts_one_month_as_one(officer):
    page = officer.get("/console/consent/deadlinerule/").content.decode()
    assert "1 month<" in page
    assert "1 months" not in page
    assert "10 business days" in page or "15 business days" in page


def test_a_long_list_shows_those_that_are_due_first_and_says_how_many_wait(officer, monkeypatch):
    monkeypatch.setattr(lists, "OPEN_SHOWN", 2)
    for n in range(4):
        open_request(type_="access", references=[f"email:p{n}@example.com"], regulation="gdpr")
    for view in ("list", "board"):
        page = officer.get(f"{LIST}?view={view}").content.decode()
        assert "2 more wait behind them" in page
        assert "p1@example.com" in page and "p2@example.com" not in page


def test_of_whom_nothing_is_known_the_answer_is_that_nothing_is_held(officer):
    row = open_request(type_="erasure", references=["email:nobody@example.com"], regulation="gdpr")
    url = f"{LIST}{row.public_id}/"
    officer.post(f"{url}confirm/")
    page = officer.get(url).content.decode()
    assert "Search, and answer" in page and "Erase this person for good" not in page
    officer.post(f"{url}complete/")
    drain()
    assert "See the certificate" in officer.get(url).content.decode()
