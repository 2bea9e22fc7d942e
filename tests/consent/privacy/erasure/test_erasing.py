"""An erasure takes everything everywhere, and nothing comes back."""

import base64
import json

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from django.db import connection

from consent.models import ConsentEntry, ErasedIdentifier, PrivacyRequest
from consent.privacy import requests
from consent.privacy.due import carry_out_due
from consent.privacy.erasure import searching
from consent.privacy.erasure.certificate import is_genuine
from profiles.models import Event, Identifier, Profile, Rejection
from tests.profiles.ingest.conftest import _forget_kept, call, source, work_off  # noqa: F401

pytestmark = pytest.mark.django_db
MAYA = {"userId": "maya-4711", "anonymousId": "anon-maya-1"}
TRAITS = {"email": "Maya.Okafor@example.com", "phone": "+31 6 1234 5678", "first_name": "Maya"}


def erased(*references: str, **more) -> PrivacyRequest:
    request = requests.open_request(type_="erasure", references=references, **more)
    requests.confirm(request)
    requests.start(request)
    carry_out_due(seconds=60)
    request.refresh_from_db()
    return request


def others_check(certificate: dict) -> None:
    """As whoever has nothing but the file."""
    names = ("signature", "signed_by", "rsa_signature", "signing_certificate")
    body = {name: value for name, value in certificate.items() if name not in names}
    text = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    key = x509.load_pem_x509_certificate(certificate["signing_certificate"].encode()).public_key()
    signature = base64.b64decode(certificate["rsa_signature"])
    key.verify(signature, text, padding.PKCS1v15(), hashes.SHA256())


def come_in(call):  # noqa: F811
    call.batch(
        {"type": "identify", **MAYA, "traits": TRAITS},
        {"type": "track", **MAYA, "event": "Order Completed",
         "properties": {"order_id": "o-1", "email": "maya.okafor@example.com", "revenue": 20}},
        {"type": "page", "anonymousId": "anon-maya-1", "name": "Home"},
        {"type": "identify", "userId": "ben-12", "traits": {"email": "ben@example.com"}},
    )  # fmt: skip
    work_off()


def test_everything_of_a_person_goes_and_others_stay(call):  # noqa: F811
    come_in(call)
    maya = Profile.objects.get(traits__first_name="Maya")
    request = erased("email:maya.okafor@example.com")
    assert request.status == "completed"
    assert request.result["searched"]["found"] == []
    maya.refresh_from_db()
    assert (maya.state, maya.traits, maya.display_name) == ("erased", {}, "")
    assert not Event.objects.filter(profile_id=maya.pk).exists()
    assert not Identifier.objects.filter(profile_id=maya.pk).exists()
    assert Identifier.objects.filter(value="ben@example.com").exists()
    certificate = request.result["certificate"]
    assert is_genuine(certificate)
    assert certificate["done"]["event"] == 3  # noqa: PLR2004
    assert not is_genuine(certificate | {"found": ["x"]})
    others_check(certificate)
    with pytest.raises(InvalidSignature):
        others_check(certificate | {"found": ["x"]})
    assert searching.search_request(request)["found"] == []
    assert "maya" not in str(list(PrivacyRequest.objects.values())).lower()


def test_a_replay_brings_nobody_back_and_a_later_act_is_a_new_person_without_marketing(call):  # noqa: F811
    come_in(call)
    request = erased("userId:maya-4711")
    assert ErasedIdentifier.objects.filter(request_id=request.pk).count() >= 4  # noqa: PLR2004
    Rejection.objects.all().delete()
    call.batch(
        {"type": "identify", **MAYA, "traits": TRAITS},
        {"type": "track", **MAYA, "event": "Order Completed", "messageId": "again",
         "timestamp": "2026-11-01T10:00:00Z"},
    )  # fmt: skip
    work_off()
    assert not Identifier.objects.filter(value__icontains="maya").exists()
    rows = list(Rejection.objects.all())
    assert {row.code for row in rows} == {"erased_person"}
    assert not any(row.body or row.message_id for row in rows)
    assert searching.search_request(request)["found"] == []
    call.batch({"type": "track", **MAYA, "event": "Order Completed"})
    work_off()
    person = Profile.objects.get(pk=Identifier.objects.get(value="maya-4711").profile_id)
    assert person.state == "active"
    said = ConsentEntry.objects.filter(profile=person)
    assert {row.status for row in said} == {"denied"}
    assert {row.purpose.slug for row in said} >= {"marketing", "sharing-for-ads"}


def test_what_is_found_by_its_digest_is_what_is_there(call):  # noqa: F811
    come_in(call)
    request = erased("email:maya.okafor@example.com")
    with connection.cursor() as cursor:
        link = '{"x": "see ?m=maya.okafor%40example.com"}'
        cursor.execute("UPDATE workspace SET settings = settings || %s::jsonb", [link])
    found = searching.search_request(request)["found"]
    assert [(one["table"], one["column"]) for one in found] == [("public.workspace", "settings")]
