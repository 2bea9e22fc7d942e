"""Requests that another system passes on: taken, asked about, taken back, refused."""

import base64
import json

import pytest

from config.workspace.models import ApiKey, Secret
from config.workspace.work.due import drain
from consent.models import PrivacyRequest
from consent.opendsr.identities import FORMATS, KINDS
from consent.privacy.due import start_due
from profiles.models import Identifier
from tests.consent.opendsr.conftest import Controller, body_of

pytestmark = pytest.mark.django_db
PATHS = (
    "/opendsr/requests",
    "/opendsr/opengdpr_requests",
    "/opendsr/opencompliance_requests",
    "/opengdpr_requests",
    "/opencompliance_requests",
)


def test_discovery_says_what_is_supported_and_is_signed(client, is_genuine, settings):
    answer = client.get("/opendsr/discovery")
    body = answer.json()
    assert body["api_version"] == "1.0"
    assert body["supported_subject_request_types"] == ["access", "portability", "erasure"]
    assert len(body["supported_identities"]) == len(KINDS) * len(FORMATS)
    assert {"identity_type": "email", "identity_format": "sha256"} in body["supported_identities"]
    assert is_genuine(answer.content, answer["X-OpenDSR-Signature"])
    assert not is_genuine(answer.content + b" ", answer["X-OpenDSR-Signature"])
    assert answer["X-OpenDSR-Processor-Domain"] == "testserver"
    assert Secret.objects.filter(purpose="opendsr").count() == 1
    assert b"PRIVATE" not in bytes(Secret.objects.get(purpose="opendsr").ciphertext)
    settings.BASE_URL = "https://crm.shop.example"
    other = client.get("/opendsr/discovery")
    assert other["X-OpenDSR-Processor-Domain"] == "crm.shop.example"
    assert is_genuine(other.content, other["X-OpenGDPR-Signature"])


def test_a_request_from_the_first_call_to_the_certificate(controller, maya, is_genuine):
    body = body_of()
    text = json.dumps(body, indent=3) + "\n"
    answer = controller.send(text)
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert told["controller_id"] == "Consent hub"
    assert told["subject_request_id"] == body["subject_request_id"]
    assert base64.b64decode(told["encoded_request"]).decode() == text
    assert told["received_time"] < told["expected_completion_time"]
    for name in ("OpenDSR", "OpenGDPR", "OpenCompliance"):
        assert is_genuine(answer.content, answer[f"X-{name}-Signature"])
    signature = told.pop("processor_signature")
    without = json.dumps(told, separators=(",", ":")).encode()
    assert is_genuine(without, signature)
    again = controller.send(text)
    assert (again.status_code, again.content) == (201, answer.content), "the same is answered alike"
    row = PrivacyRequest.objects.get()
    assert (row.origin, row.type, row.regulation) == ("opendsr", "erasure", "gdpr")
    number = body["subject_request_id"]
    waits = controller.get(number)
    assert waits.json()["request_status"] == "pending"
    assert "results_count" not in waits.json()
    assert is_genuine(waits.content, waits["X-OpenDSR-Signature"])
    start_due()
    assert controller.get(number).json()["request_status"] == "in_progress"
    assert controller.delete(number).status_code == 409
    drain()
    done = controller.get(number).json()
    assert done["request_status"] == "completed"
    assert done["results_count"] > 2
    assert done["results_url"].endswith(f"/api/privacy-requests/{row.public_id}/certificate")
    assert not Identifier.objects.filter(value="maya@example.com").exists()
    row.refresh_from_db()
    assert row.result["searched"]["found"] == []
    assert controller.send(text).content == answer.content, "also when it is done"
    assert controller.client.get(done["results_url"], headers=controller.headers).status_code == 200
    assert controller.delete(number).status_code == 409


@pytest.mark.parametrize("path", PATHS)
def test_every_name_takes_asks_and_cancels(controller, path, is_genuine):
    body = body_of(("email", "nobody@example.com", "raw"), type_="access", regulation="ccpa")
    assert controller.send(body, path).status_code == 201
    assert controller.get(body["subject_request_id"], path).status_code == 200
    gone = controller.delete(body["subject_request_id"], path)
    assert gone.status_code == 202
    assert is_genuine(gone.content, gone["X-OpenGDPR-Signature"])
    assert controller.get(body["subject_request_id"]).json()["request_status"] == "cancelled"
    assert controller.delete(body["subject_request_id"], path).status_code == 409


def test_nobody_known_is_completed_with_nothing_and_two_may_ask_for_one_person(controller, maya):
    nobody = body_of(("email", "nobody@example.com", "raw"), type_="access")
    hashed = body_of(("email", "0" * 64, "sha256"))
    one, other = body_of(type_="access"), body_of(type_="access")
    for body in (nobody, hashed, one, other):
        assert controller.send(body).status_code == 201
    assert PrivacyRequest.objects.count() == 4
    start_due()
    drain()
    for body in (nobody, hashed):
        done = controller.get(body["subject_request_id"]).json()
        assert (done["request_status"], done["results_count"]) == ("completed", 0)
    for body in (one, other):
        done = controller.get(body["subject_request_id"]).json()
        assert done["results_url"].endswith("/archive")
        assert done["results_count"] > 2


def test_two_erasures_of_one_person_are_both_completed_and_what_else_was_asked_is_closed(
    controller, maya
):
    one, other, access = body_of(), body_of(), body_of(type_="access")
    for body in (one, other, access):
        controller.send(body)
    start_due()
    drain()
    found = [controller.get(body["subject_request_id"]).json() for body in (one, other, access)]
    assert [body["request_status"] for body in found] == ["completed", "completed", "cancelled"]
    assert "maya" not in str(list(PrivacyRequest.objects.values())).lower()


def test_what_is_wrong_is_named_and_nothing_of_the_person_is_told(controller, maya):
    secret = "jane.secret@example.com"
    good = body_of((("email"), secret, "raw"))
    for change, path in (
        ({"subject_request_id": None}, "subject_request_id"),
        ({"subject_request_id": "6f0c1d9e-0000-1000-8000-000000000000"}, "subject_request_id"),
        ({"subject_request_type": secret}, "subject_request_type"),
        ({"subject_request_type": [secret]}, "subject_request_type"),
        ({"regulation": secret}, "regulation"),
        ({"submitted_time": secret}, "submitted_time"),
        ({"submitted_time": "2026-11-20T15:00:00"}, "submitted_time"),
        ({"submitted_time": "9999-12-31T23:59:59-14:00"}, "submitted_time"),
        ({"api_version": secret}, "api_version"),
        ({"extensions": [secret]}, "extensions"),
        ({"subject_identities": []}, "subject_identities"),
        ({"subject_identities": secret}, "subject_identities"),
        ({"subject_identities": [secret]}, "subject_identities[0]"),
        ({"subject_identities": [{}] * 51}, "subject_identities"),
        (_named(secret, "email", "raw"), "subject_identities[0].identity_type"),
        (_named("email", "secret.example.com", "raw"), "subject_identities[0].identity_value"),
        (_named("email", {"a": secret}, "raw"), "subject_identities[0].identity_value"),
        (_named("email", secret, "sha256"), "subject_identities[0].identity_value"),
        (_named("email", secret, secret), "subject_identities[0].identity_format"),
        (_named("phone", "555", "raw"), "subject_identities[0].identity_value"),
        ({"status_callback_urls": secret}, "status_callback_urls"),
        ({"status_callback_urls": [f"http://{secret}/"]}, "status_callback_urls[0]"),
        ({"status_callback_urls": ["https://127.0.0.1/x"]}, "status_callback_urls[0]"),
        (
            {"status_callback_urls": ["https://hub.example/?who=jane.secret%40example.com"]},
            "status_callback_urls[0]",
        ),
    ):
        body = {name: value for name, value in (good | change).items() if value is not None}
        answer = controller.send(body)
        assert answer.status_code == 400, (change, answer.content)
        error = answer.json()["error"]
        assert error["code"] == 400
        assert [one["reason"] for one in error["errors"]] == [path], change
        assert path in error["message"]
        assert b"secret" not in answer.content
    two = body_of(("email", "maya@example.com", "raw"), ("controller_customer_id", "ben-12", "raw"))
    answer = controller.send(two)
    assert answer.json()["error"]["errors"][0]["reason"] == "subject_identities"
    for text in ("{", "[]", '"x"', "null", '{"a": NaN}', '{"a": "\\u0000"}', "[" * 5000):
        answer = controller.send(text)
        assert answer.status_code == 400, text
        assert answer.json()["error"]["message"]
    assert controller.send(b"\xff").status_code == 400
    assert controller.send(f'{{"a": "{"x" * 70_000}"}}').status_code == 413
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        assert controller.send("a=1", kind=kind).status_code == 415
    assert not PrivacyRequest.objects.exists()


def _named(type_, value, format_):
    named = {"identity_type": type_, "identity_value": value, "identity_format": format_}
    return {"subject_identities": [named]}


def test_a_number_that_asks_something_else_is_a_mistake(controller, maya):
    body = body_of()
    controller.send(body)
    number = body["subject_request_id"]
    answer = controller.send(
        body_of(("email", "ben@example.com", "raw"), subject_request_id=number)
    )
    assert answer.status_code == 409
    assert answer.json()["error"]["errors"][0]["reason"] == "subject_request_id"
    assert b"ben@" not in answer.content


def test_only_a_key_with_the_scope_is_answered(client, controller):
    body = body_of()
    number = body["subject_request_id"]
    controller.send(body)
    for scopes, posted, got in ((["segments"], 403, 403), (["privacy.view"], 403, 200)):
        other = Controller(client, str(scopes), scopes)
        assert other.send(body).status_code == posted
        assert other.get(number).status_code == got
        assert other.delete(number).status_code == posted
    unknown = client.get(f"/opendsr/requests/{number}", headers={"Authorization": "Bearer rk_x"})
    for answer in (unknown, client.get(f"/opendsr/requests/{number}"), client.post(PATHS[0])):
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"]
        assert answer.json()["error"]["code"] == 401
        assert answer["Cache-Control"].startswith("no-store")
    for path in ("x", "6f0c1d9e-0000-4000-8000-000000000000", number.upper() + "0"):
        assert controller.get(path).json()["error"]["code"] == 404
    assert client.get(PATHS[0], headers=controller.headers).json()["error"]["code"] == 405
    assert client.put(f"{PATHS[0]}/{number}", headers=controller.headers).status_code == 405
    ApiKey.objects.filter(name="Consent hub").update(name="Renamed")
    assert controller.get(number).json()["controller_id"] == "Consent hub"
