"""Prove it, for the officer; why did I get this, for the person."""

import json
import re
import subprocess
import sys
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.models import Message
from config.workspace.models import AuditEntry, Role
from config.workspace.trail import proofs, sealing
from consent.ledger.chain import CONSENTS
from consent.ledger.recording import Statement, record_consents
from consent.models import Purpose
from segments import services
from segments.members.stored import refresh
from tests.campaigns.builders import deliver_all, launched, make_person, say
from tests.cast import make_user
from tests.racing import until_others_ended

pytestmark = pytest.mark.django_db(transaction=True)
PROVE = "/console/privacy/prove/"
SAID = "Yes, send me news about tents."
NAUGHTY = "<B>Ada</B>"


@pytest.fixture
def officer():
    client = Client()
    client.force_login(make_user(Role.PRIVACY_OFFICER))
    return client


@pytest.fixture
def sent(monkeypatch, server):
    """A mail to Ada by a rule, with a permission in the words of a form."""
    monkeypatch.setattr(sealing, "SETTLE", timedelta(0))
    ada = make_person(NAUGHTY, "ada@example.com", traits={"plan": "pro"}, country="NL")
    record_consents(
        [
            Statement(
                ada.pk, Purpose.objects.get(slug="marketing").pk, "email", "granted", "consent",
                contact_point="ada@example.com",
                evidence={
                    "act": "form", "collection_point": "checkout", "wording": SAID,
                    "language": "en", "ip": "203.0.113.7",
                },
            )
        ]
    )  # fmt: skip
    rule = {
        "match": "all",
        "conditions": [{"kind": "trait", "field": "plan", "op": "eq", "value": "pro"}],
    }
    segment = services.create_segment(slug="pros", name="Pros", kind="dynamic", rule=rule)
    refresh(segment.pk)
    launched(segment, step={"content": {"subject": "Tents", "html": "<p>Tents</p>"}})
    deliver_all()
    row = Message.objects.select_related("profile").get(state="sent")
    # the rule of today is another
    services.update_segment(
        segment, rule=rule | {"conditions": [rule["conditions"][0] | {"value": "team"}]}
    )
    return row


def test_the_officer_sees_what_a_message_rested_on_and_takes_it_along(officer, sent, tmp_path):
    page = officer.get(PROVE, {"q": "ADA@example.com"}).content.decode()
    assert "spring" in page and "Granted" in page
    one = f"{PROVE}{sent.profile_id}/{sent.pk}/"
    assert one in page
    page = officer.get(one).content.decode()
    assert "Too new to be sealed" in page
    offering = (
        f"{PROVE}?q=ada@example.com",
        f"/console/privacy/permissions/{sent.profile.public_id}/",
    )
    file_of_entry = f"{PROVE}permission/{sent.profile_id}/{sent.consent_entry_id}.json"
    for place in offering:
        page = officer.get(place).content.decode()
        assert "Not sealed yet" in page and file_of_entry not in page
    until_others_ended()
    assert sealing.seal_due(CONSENTS) == 1
    for place in offering:
        assert file_of_entry in officer.get(place).content.decode()
    for place in (one, f"{PROVE}?q=<{sent.public_id}@shop.example>"):
        page = officer.get(place).content.decode()
        assert "The record is whole" in page
        assert "plan is pro" in page and "team" not in page, "the rule as it was"
        assert SAID in page and "203.0.113.7" in page and "checkout" in page
        assert "<B>Ada" not in page and "&lt;B&gt;Ada" in page
    with CaptureQueriesContext(connection) as asked:
        officer.get(PROVE, {"q": str(sent.public_id).upper()})
    found = [one["sql"] for one in asked if '"message"."public_id" = ' in one["sql"]]
    assert found and all('"message"."profile_id" = ' in one for one in found), "by its key"
    answer = officer.get(
        f"{PROVE}permission/{sent.profile_id}/{sent.consent_entry_id}.json", {"message": sent.pk}
    )
    file = tmp_path / "proof.json"
    file.write_bytes(answer.content)
    script = tmp_path / "verify_proof.py"
    script.write_bytes(officer.get(f"{PROVE}verify_proof.py").content)
    done = subprocess.run(
        [sys.executable, "-I", script, file], capture_output=True, text=True, check=True
    )
    assert SAID in done.stdout and "ada@example.com" in done.stdout
    assert json.loads(answer.content)["message"]["address"] == "ada@example.com"
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"evidence.searched", "evidence.viewed", "evidence.exported"} <= actions
    with connection.owner(), connection.cursor() as cursor:
        cursor.execute("UPDATE consent_entry SET basis = 'contract'")
    assert "was changed after it was sealed" in officer.get(one).content.decode()
    answer = officer.get(f"{PROVE}permission/{sent.profile_id}/{sent.consent_entry_id}.json")
    assert answer.status_code == 409
    assert proofs.SCRIPT.exists()


def test_what_is_not_held_is_said_and_others_do_not_come_in(officer, sent):
    for pasted in ("nobody@example.com", "00000000-0000-4000-8000-000000000000", "\x00' OR 1"):
        assert "Nothing is held under this." in officer.get(PROVE, {"q": pasted}).content.decode()
    for place in ("1/1/", "permission/1/1.json"):
        assert officer.get(f"{PROVE}{place}").status_code == 404
    other = say(make_person("ben"))
    place = f"{PROVE}permission/{sent.profile_id}/{other.id}.json"
    assert officer.get(place).status_code == 404
    place = f"{PROVE}permission/{sent.profile_id}/{sent.consent_entry_id}.json"
    assert officer.get(place, {"message": sent.pk + 1}).status_code == 404
    marketer = Client()
    marketer.force_login(make_user(Role.MARKETER))
    assert marketer.get(PROVE).status_code == 403


def test_the_person_reads_why_by_a_link_of_the_mail(sent, server):
    mail = server.message().get_body(("html",)).get_content()
    (link,) = {urlsplit(url).path for url in re.findall(r'href="([^"]+/why/[^"]+)"', mail)}
    client = Client()
    page = client.get(link).content.decode()
    assert "Why did I get this?" in page
    assert SAID in page and "checkout" in page
    assert "ada@example.com" not in page and "203.0.113.7" not in page
    assert "no-referrer" in client.get(link)["Referrer-Policy"]
    assert "Mengapa" in client.get(link, {"lang": "id"}).content.decode()
    for action in re.findall(r'href="(/(?:preferences|u)/[^"]+)"', page):
        assert client.get(action).status_code == 200
    preferences = next(url for url in re.findall(r'href="(/preferences/[^"]+)"', page))
    assert "/why/" in client.get(preferences).content.decode()
    token = link.split("/")[2]
    for wrong in (token[:-4] + "AAAA", "x" * 40):
        assert client.get(f"/why/{wrong}/").status_code == 404
    assert client.post(link).status_code == 405
