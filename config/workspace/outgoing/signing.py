"""Signatures by the scheme of Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

KEY_BYTES: Final = 32  # 24 to 64 by the scheme
PREFIX: Final = "whsec_"


def new_key() -> bytes:
    """A key that nobody else has."""
    return secrets.token_bytes(KEY_BYTES)


def written(key: bytes) -> str:
    """A key as the other side keeps it."""
    return PREFIX + base64.b64encode(key).decode()


def headers_of(
    keys: Sequence[bytes], message_id: str, at_seconds: int, body: bytes
) -> dict[str, str]:
    """The three headers of the scheme; a signature for each key that is valid at the moment."""
    text = f"{message_id}.{at_seconds}.".encode() + body
    made = (base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_seconds),
        "webhook-signature": " ".join(f"v1,{one}" for one in made),
    }
