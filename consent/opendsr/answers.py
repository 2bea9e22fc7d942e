"""Answers and callbacks of OpenDSR: their bodies, signed, under each name of the protocol."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse

from config.workspace.trail.signing import Signer, signer
from config.workspace.zones import stamp
from consent.models import PrivacyRequest

VERSION: Final = "1.0"
JSON: Final = "application/json"
# its three names, the newest first; section 10.1 wants the older ones honoured
NAMES: Final = ("OpenDSR", "OpenCompliance", "OpenGDPR")
AT_THE_EARLIEST: Final = timedelta(days=1)  # that one which came late is expected to be done


def signed(body: dict[str, Any], status: int, *, with_member: bool = False) -> HttpResponse:
    """The answer with its signature in the headers.

    `with_member`: also as `processor_signature`, which is over the body without that member, as it
    stands, since no text can hold a signature of itself.
    """
    by = signer()
    if with_member:
        body = body | {"processor_signature": by.sign(text_of(body))}
    text = text_of(body)
    return HttpResponse(text, JSON, status, headers=headers_of(text, by))


def text_of(body: dict[str, Any]) -> bytes:
    """The bytes that are sent and signed."""
    return json.dumps(body, separators=(",", ":")).encode()


def headers_of(text: bytes, by: Signer) -> dict[str, str]:
    """Domain and signature, by each of the names."""
    signature = by.sign(text)
    return {
        name: value
        for protocol in NAMES
        for name, value in (
            (f"X-{protocol}-Processor-Domain", by.domain),
            (f"X-{protocol}-Signature", signature),
        )
    }


def received(row: PrivacyRequest, body: bytes) -> dict[str, Any]:
    """What a request is answered with; the same for the same."""
    return {
        "controller_id": row.controller,
        "expected_completion_time": stamp(expected(row)),
        "received_time": stamp(_forwarded_at(row)),
        "encoded_request": base64.b64encode(body).decode(),
        "subject_request_id": str(row.external_id),
    }


def status_of(row: PrivacyRequest, status: str = "") -> dict[str, Any]:
    """Where it stands, or stood when it came to `status`."""
    status = status or row.status
    body = {
        "controller_id": row.controller,
        "expected_completion_time": stamp(expected(row)),
        "subject_request_id": str(row.external_id),
        "request_status": status,
        "api_version": VERSION,
    }
    return body | (_results(row) if status == PrivacyRequest.Status.COMPLETED else {})


def _results(row: PrivacyRequest) -> dict[str, Any]:
    """Where what came of it is, for a key of ours that may see it, and how many rows it were."""
    is_erasure = row.type == "erasure"
    rows = sum(row.result.get("erased", {}).values()) if is_erasure else row.result.get("rows", 0)
    found: dict[str, Any] = {"results_count": rows}
    if is_erasure or row.profile_id:
        name = "api-privacy-certificate" if is_erasure else "api-privacy-archive"
        path = reverse(name, args=[row.public_id])
        found["results_url"] = f"{settings.BASE_URL}{path}"
    return found


def expected(row: PrivacyRequest) -> datetime:
    """When it is due; of what was due before it came, the day after."""
    return max(row.due_at, _forwarded_at(row) + AT_THE_EARLIEST)


def _forwarded_at(row: PrivacyRequest) -> datetime:
    return row.forwarded_at or row.received_at
