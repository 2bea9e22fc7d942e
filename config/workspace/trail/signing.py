"""What certificates, answers and callbacks are signed with: an RSA key of ours and its certificate.

Made once, kept encrypted in the table of secrets, and made anew for another name of the host or
when the certificate is about to end. It is self-signed: whoever checks it fetches it from us over
https, which is what vouches for it.
"""

import base64
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from config.workspace import audit
from config.workspace.access.tokens import KEY_ID_BYTES, KEY_VALID, seal, unseal
from config.workspace.models import Secret

PURPOSE: Final = "opendsr"
BITS: Final = 3072
RENEWED: Final = timedelta(days=60)  # before the end
LONGEST_COMMON_NAME: Final = 64  # RFC 5280, ub-common-name
_LOCK: Final = 0x0D58


@dataclass(frozen=True)
class Signer:
    """A key with the name that its certificate is for."""

    domain: str
    private: str
    certificate: str

    def sign(self, data: bytes) -> str:
        """Base64 of an RSA signature (PKCS #1 v1.5) of the SHA-256 digest: always the same."""
        made = _loaded(self.private).sign(data, padding.PKCS1v15(), hashes.SHA256())
        return base64.b64encode(made).decode()


def domain() -> str:
    """The name that we are known by."""
    return urlsplit(settings.BASE_URL).hostname or "localhost"


def signer() -> Signer:
    """The newest of this name; one query, and a second of computing where there is none."""
    return _kept() or _made()


def _kept() -> Signer | None:
    ends = timezone.now() + RENEWED
    rows = Secret.objects.filter(purpose=PURPOSE, valid_until__gt=ends)
    found = (Signer(**json.loads(unseal(row.ciphertext))) for row in rows.order_by("-created_at"))
    return next((one for one in found if one.domain == domain()), None)


@transaction.atomic
def _made() -> Signer:
    """One at a time: who waited finds what the other made."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    if found := _kept():
        return found
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    until = timezone.now() + KEY_VALID
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    made = Signer(domain(), pem.decode(), _certificate(key, domain()))
    row = Secret.objects.create(
        purpose=PURPOSE,
        key_id=secrets.token_bytes(KEY_ID_BYTES).hex(),
        ciphertext=seal(json.dumps(vars(made)).encode()),
        valid_until=until,
    )
    audit.record("secret.made", "secret", row.key_id, detail={"purpose": PURPOSE})
    return made


def _certificate(key: rsa.RSAPrivateKey, host: str) -> str:
    now = timezone.now()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:LONGEST_COMMON_NAME])])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + KEY_VALID)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


@lru_cache(maxsize=4)
def _loaded(private: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(private.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 - made above
    return key
