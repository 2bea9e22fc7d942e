"""The certificate of an erasure: as a page to read and print, and as the file that is signed."""

import json
import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from config.console.pages import ApiCall, attachment, page
from config.workspace import audit
from config.workspace.permissions import requires
from consent.models import PrivacyRequest
from consent.models.exceptions import DataClass, Ground
from consent.models.privacy import Regulation
from consent.pages.requests.lists import VIEW, crumbs_of
from consent.privacy.erasure.certificate import is_genuine
from consent.privacy.words import table_in_words


@requires(VIEW)
def certificate_view(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """What it proves, in words; whether it is the one that was signed is looked at now."""
    row = get_object_or_404(PrivacyRequest, public_id=public_id)
    certificate = row.result.get("certificate")
    if not certificate:
        raise Http404
    audit.record("privacy.viewed", "privacy_request", str(row.public_id))
    return page(
        request,
        "consent/certificate.html",
        {
            "row": row,
            "certificate": certificate,
            "law": dict(Regulation.choices).get(certificate["regulation"], ""),
            "received_at": _moment(certificate["received_at"]),
            "completed_at": _moment(certificate["completed_at"]),
            "is_genuine": is_genuine(certificate),
            "done": [(table_in_words(table), n) for table, n in certificate["done"].items()],
            "kept": [_kept(one) for one in certificate["kept"]],
            "passed_on": [
                one | {"at": _moment(one["at"])} for one in certificate.get("passed_on", [])
            ],
        },
        title=_("Certificate of erasure"),
        crumbs=crumbs_of(row),
        api_call=ApiCall("GET", f"/api/privacy-requests/{row.public_id}/certificate/"),
    )


def _moment(text: str | None) -> Any:
    return parse_datetime(text) if text else None


def _kept(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "what": str(DataClass(one["data_class"]).label),
        "ground": str(Ground(one["ground"]).label),
        "because": one["because"],
        "months": one["months"],
        "until": one["until"],
        "rows": sum(one["rows"].values()),
    }


@requires(VIEW)
def certificate_file_view(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The signed proof of an erasure, as a file."""
    row = get_object_or_404(PrivacyRequest, public_id=public_id)
    certificate = row.result.get("certificate")
    if not certificate:
        return redirect("consent:request", row.public_id)
    return attachment(
        json.dumps(certificate, indent=2),
        f"certificate-{row.public_id}.json",
        "application/json",
    )
