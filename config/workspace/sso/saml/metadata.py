"""What a provider says of itself: who it is, where people sign in, by which keys it signs."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.utils.translation import gettext_noop

from config.workspace.outgoing.addresses import LONGEST
from config.workspace.sso.saml.xml import NAMES, NotXml, read, tag, text_of

MOST: Final = 1_000_000  # bytes
MOST_KEYS: Final = 10
LEAST_BITS: Final = 2048  # of an RSA key
REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"

NO_METADATA: Final = gettext_noop("This is no SAML metadata: XML without a document type.")
SEVERAL: Final = gettext_noop("It has to describe one identity provider.")
NO_ENTITY: Final = gettext_noop("It names no entity, or one that is too long.")
NO_PLACE: Final = gettext_noop(
    "It names no address to sign in at by HTTP-Redirect, or one that does not begin with https://."
)
NO_KEY: Final = gettext_noop("It has no certificate to sign with, or one that is damaged.")
WEAK_KEY: Final = gettext_noop("A key has to be of RSA with 2,048 bits or more, or of a curve.")
REFUSALS: Final = (NO_METADATA, SEVERAL, NO_ENTITY, NO_PLACE, NO_KEY, WEAK_KEY)


class NoProvider(ValueError):
    """Why it cannot be used, as one of REFUSALS."""


@dataclass(frozen=True)
class SamlDescription:
    """Of one provider; certificates as PEM, one after the other."""

    entity: str
    sso_url: str
    certificates: str


def understood(text: bytes) -> SamlDescription:
    """One provider's metadata. Raises NoProvider."""
    try:
        root = read(text) if len(text) <= MOST else None
    except NotXml:
        root = None
    if root is None:
        raise NoProvider(NO_METADATA)
    entities = [one for one in root.iter(tag("md:EntityDescriptor")) if _idp(one) is not None]
    if len(entities) != 1:
        raise NoProvider(SEVERAL)
    entity = entities[0].get("entityID", "").strip()
    if not entity or len(entity) > LONGEST // 4:
        raise NoProvider(NO_ENTITY)
    idp = _idp(entities[0])
    return SamlDescription(entity, _place(idp), "\n".join(_certificates(idp)))


def pems(certificates: str) -> list[x509.Certificate]:
    """Those that are kept."""
    return x509.load_pem_x509_certificates(certificates.encode())


def _idp(entity: Any) -> Any:
    return entity.find("md:IDPSSODescriptor", NAMES)


def _place(idp: Any) -> str:
    """Where the browser is led, also within the network: we call nobody there."""
    services = idp.findall("md:SingleSignOnService", NAMES)
    found = [one.get("Location", "") for one in services if one.get("Binding") == REDIRECT]
    url = str(found[0]) if found else ""
    is_plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST
    try:
        parts = urlsplit(url) if is_plain else None
    except ValueError:
        parts = None
    schemes = ("https", "http") if settings.CALL_INTERNAL_ADDRESSES else ("https",)
    if parts is None or parts.scheme not in schemes or not parts.hostname or parts.username:
        raise NoProvider(NO_PLACE)
    return url


def _certificates(idp: Any) -> list[str]:
    """Of keys to sign with, and of those of which nothing is said; each once."""
    keys = [one for one in idp.findall("md:KeyDescriptor", NAMES) if one.get("use") != "encryption"]
    texts = [text_of(one) for key in keys for one in key.iter(tag("ds:X509Certificate"))]
    if not texts or len(texts) > MOST_KEYS:
        raise NoProvider(NO_KEY)
    return list(dict.fromkeys(map(_pem, texts)))


def _pem(text: str) -> str:
    try:
        raw = base64.b64decode("".join(text.split()), validate=True)
        found = x509.load_der_x509_certificate(raw)
        key = found.public_key()
    except (binascii.Error, ValueError, TypeError) as error:
        raise NoProvider(NO_KEY) from error
    is_strong = isinstance(key, rsa.RSAPublicKey) and key.key_size >= LEAST_BITS
    if not (is_strong or isinstance(key, ec.EllipticCurvePublicKey)):
        raise NoProvider(WEAK_KEY)
    return found.public_bytes(Encoding.PEM).decode()
