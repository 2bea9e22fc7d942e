"""Keyed digests: what must be found again without being kept."""

import hashlib
import hmac

from config.workspace.access.client_address import home_of
from config.workspace.selectors import workspace

# of which kinds an identifier is a contact point: what can be written to, and so suppressed
CONTACT_KINDS = ("email", "phone", "push_token")
DIGEST_BYTES = 16


def contact_digest(kind: str, value: str, salt: str | None = None) -> bytes:
    """16 bytes of HMAC-SHA256 of a normalised contact point under the workspace's salt.

    Suppression and erasure join by it. Pass `salt` (hex) in loops, to save the look-up.
    """
    key = bytes.fromhex(salt or workspace().salt)
    return hmac.digest(key, f"{kind}:{value}".encode(), "sha256")[:DIGEST_BYTES]


def caller_digest(address: str) -> bytes | None:
    """Of the network that an address is in, by which a caller is counted; None where none is known.

    Every limit for one caller that counts rows of its own table goes by it.
    """
    return contact_digest("caller", home_of(address)) if address else None


def key_digest(key: str) -> bytes:
    """SHA-256 of a write key or API key; they are random, so no salt is needed."""
    return hashlib.sha256(key.encode()).digest()


def bucket_of(public_id: str, salt: str) -> int:
    """The stable bucket 0 to 9999 of a person: a hash of id and salt."""
    digest = hashlib.blake2b(f"{salt}:{public_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % 10_000
