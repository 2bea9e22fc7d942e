"""The certificate of an erasure: what was done, kept, searched and found, signed by us.

Signed twice over its canonical JSON: by an HMAC, by which we know it again whatever becomes of our
keys, and by the installation's RSA key, whose certificate is in it, so that anybody can check it.
"""

import hashlib
import hmac
import json
from typing import Any, Final

from config.workspace.selectors import workspace
from config.workspace.trail.signing import signer
from consent.forwarding.receipts import passed_on
from consent.models import PrivacyRequest
from consent.privacy.requests import SEALED_DAYS

_SIGNATURES: Final = ("signature", "signed_by", "rsa_signature", "signing_certificate")


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
    by = signer()
    return body | {
        "signature": _sign(body),
        "signed_by": by.domain,
        "rsa_signature": by.sign(canonical(body)),
        "signing_certificate": by.certificate,
    }


def is_genuine(certificate: dict[str, Any]) -> bool:
    """Whether this workspace made it and nothing in it was changed."""
    body = {name: value for name, value in certificate.items() if name not in _SIGNATURES}
    return hmac.compare_digest(_sign(body), str(certificate.get("signature")))


def _sign(body: dict[str, Any]) -> str:
    """HMAC-SHA256 over the canonical JSON, under a key derived from the workspace's salt."""
    key = hmac.digest(bytes.fromhex(workspace().salt), b"certificate", hashlib.sha256)
    return hmac.new(key, canonical(body), hashlib.sha256).hexdigest()


def canonical(body: dict[str, Any]) -> bytes:
    """What is signed: JSON with its names in order and without spaces, in ASCII."""
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
