"""The certificate of an erasure: what was done, kept, searched and found, signed by us."""

import hashlib
import hmac
import json
from typing import Any

from config.workspace.selectors import workspace
from consent.forwarding.receipts import passed_on
from consent.models import PrivacyRequest
from consent.privacy.requests import SEALED_DAYS


def certificate_of(request: PrivacyRequest) -> dict[str, Any]:
    """Numbers, names of tables and moments; no value of the person. Signed (`is_genuine`)."""
    searched = request.result["searched"]
    body = {
        "request": str(request.public_id),
        "type": request.type,
        "regulation": request.regulation,
        "received_at": request.received_at.isoformat(),
        "completed_at": request.completed_at.isoformat() if request.completed_at else None,
        "workspace": workspace().name,
        "done": request.result.get("erased", {}),
        "identifiers_kept_as_digests": len(request.identities),
        "blocked": request.is_blocking,
        "kept": request.result.get("kept", []),
        "address_sealed_days": request.result.get(SEALED_DAYS, 0),
        "tables_searched": len(searched["searched"]),
        "rows_searched": sum(one["rows"] for one in searched["searched"]),
        "files_searched": searched["files"]["number"],
        "found": searched["found"],
        "passed_on": passed_on(request),
    }
    return body | {"signature": _sign(body)}


def is_genuine(certificate: dict[str, Any]) -> bool:
    """Whether this workspace made it and nothing in it was changed."""
    body = {name: value for name, value in certificate.items() if name != "signature"}
    return hmac.compare_digest(_sign(body), str(certificate.get("signature")))


def _sign(body: dict[str, Any]) -> str:
    """HMAC-SHA256 over the canonical JSON, under a key derived from the workspace's salt."""
    key = hmac.digest(bytes.fromhex(workspace().salt), b"certificate", hashlib.sha256)
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
