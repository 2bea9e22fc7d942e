"""Whether what a browser brings is a provider's word, for us, now, and asked for by that browser.

Only the assertion that was signed is read, as the bytes that were signed say it: whatever stands
around it, or beside it under the same names, says nothing. Source: SAML 2.0 Profiles, 4.1.4.3;
OWASP, SAML Security Cheat Sheet.
"""

import base64
import binascii
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.verifier import SignatureConfiguration, XMLVerifier

from config.workspace.sso.saml.xml import NAMES, NotXml, moment, only, read, tag, text_of

MOST: Final = 200_000  # characters of an answer
SKEW: Final = timedelta(minutes=2)  # that two clocks may be apart
LONGEST: Final = timedelta(days=1)  # that an assertion is taken, whatever it says
LONGEST_NAME: Final = 191  # characters of who somebody is there
SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"  # without comments
TRANSFORMS: Final = {"http://www.w3.org/2000/09/xmldsig#enveloped-signature", C14N}
CONDITIONS: Final = {
    tag(f"a:{n}") for n in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")
}
_SIZES: Final = ("SHA256", "SHA384", "SHA512")
METHODS: Final = frozenset(
    one
    for one in SignatureMethod
    if one.name in {f"{kind}_{size}" for kind in ("RSA", "ECDSA") for size in _SIZES}
)
DIGESTS: Final = frozenset(one for one in DigestAlgorithm if one.name in _SIZES)


class NotTaken(Exception):
    """Why it is not taken, as a code for the trail; never a word of what was sent."""


@dataclass(frozen=True)
class ExpectedWord:
    """What has to be so: whose word, for whom, where, for which requests, when."""

    issuer: str
    certificates: Sequence[x509.Certificate]
    audience: str
    recipient: str
    requests: Collection[str]
    now: datetime


@dataclass(frozen=True)
class SamlWord:
    """What was said and signed. `until`: from then on nobody takes it any more."""

    assertion: str
    request: str
    until: datetime
    subject: str
    subject_format: str
    signed_in_at: datetime
    attributes: dict[str, list[str]]


def judged(text: str, expected: ExpectedWord) -> SamlWord:
    """The word in an answer. Raises NotTaken."""
    root = _opened(text)
    _check_answer(root, expected)
    assertion = _signed(root, expected.certificates)
    if assertion.get("Version") != "2.0" or text_of(only(assertion, "a:Issuer")) != expected.issuer:
        raise NotTaken("issuer")
    until, request = _confirmed(assertion, expected)
    _check_conditions(assertion, expected)
    subject = only(assertion, "a:Subject/a:NameID")
    return SamlWord(
        assertion=assertion.get("ID"),
        request=request,
        until=until,
        subject=_subject(subject),
        subject_format=subject.get("Format", ""),
        signed_in_at=_signed_in_at(assertion, expected.now),
        attributes=_attributes(assertion),
    )


def _opened(text: str) -> Any:
    if len(text) > MOST:
        raise NotTaken("size")
    try:
        return read(base64.b64decode("".join(text.split()), validate=True))
    except (binascii.Error, ValueError, NotXml) as error:
        raise NotTaken("xml") from error


def _check_answer(root: Any, expected: ExpectedWord) -> None:
    """What stands around the assertion is not signed: it can refuse, and let nobody in."""
    if root.tag != tag("p:Response") or root.get("Version") != "2.0":
        raise NotTaken("xml")
    if (root.get("InResponseTo") or "") not in {"", *expected.requests}:
        raise NotTaken("unasked")
    if root.get("Destination", expected.recipient) != expected.recipient:
        raise NotTaken("recipient")
    issuer = only(root, "a:Issuer")
    if issuer is not None and text_of(issuer) != expected.issuer:
        raise NotTaken("issuer")
    code = only(root, "p:Status/p:StatusCode")
    if code is None or code.get("Value") != SUCCESS:
        raise NotTaken("denied")


def _signed(root: Any, certificates: Sequence[x509.Certificate]) -> Any:
    """The one assertion, as its signature covers it."""
    if next(root.iter(tag("a:EncryptedAssertion")), None) is not None:
        raise NotTaken("encrypted")
    assertion = only(root, "a:Assertion")
    if assertion is None or len(list(root.iter(tag("a:Assertion")))) != 1:
        raise NotTaken("assertions")
    signature = only(assertion, "ds:Signature")
    if signature is None or len(list(assertion.iter(tag("ds:Signature")))) != 1:
        raise NotTaken("unsigned")
    name = assertion.get("ID", "")
    _check_shape(root, signature, name)
    for certificate in certificates:
        if (found := _verified(root, certificate)) is not None:
            if found.tag != tag("a:Assertion") or found.get("ID") != name:
                raise NotTaken("signature")
            return found
    raise NotTaken("signature")


def _check_shape(root: Any, signature: Any, name: str) -> None:
    """A signature as the profile has it: over its own parent, whole, in one way."""
    ids = [one for one in root.iter() if name in (one.get("ID"), one.get("Id"), one.get("id"))]
    references = signature.findall("ds:SignedInfo/ds:Reference", NAMES)
    way = only(signature, "ds:SignedInfo/ds:CanonicalizationMethod")
    if not name or len(ids) != 1 or len(references) != 1 or way is None:
        raise NotTaken("signature")
    transforms = references[0].findall("ds:Transforms/ds:Transform", NAMES)
    is_whole = {one.get("Algorithm") for one in transforms} == TRANSFORMS
    if references[0].get("URI") != f"#{name}" or not is_whole or way.get("Algorithm") != C14N:
        raise NotTaken("signature")


def _verified(root: Any, certificate: x509.Certificate) -> Any:
    """What this key has signed there; None where it has not.

    The admin chose the key: when its certificate ends says nothing (SAML V2.0 Metadata
    Interoperability Profile, 2.6.1).
    """
    rules = SignatureConfiguration(
        location=f"./{tag('a:Assertion')}/",
        signature_methods=METHODS,
        digest_algorithms=DIGESTS,
        verification_time=certificate.not_valid_before_utc,
    )
    try:
        found = XMLVerifier().verify(
            root, x509_cert=certificate, id_attribute="ID", expect_config=rules
        )
        return read(found.signed_data)  # type: ignore[union-attr]  # one reference, one result
    except Exception:  # whatever reading of a stranger's signature raises: it is none
        return None


def _confirmed(assertion: Any, expected: ExpectedWord) -> tuple[datetime, str]:
    """Until when and for which request it may be shown: by its bearer, here, asked for."""
    faults = ["confirmation"]
    issued = moment(assertion.get("IssueInstant"))
    if issued is None or issued > expected.now + SKEW:
        raise NotTaken("time")
    for one in assertion.findall("a:Subject/a:SubjectConfirmation", NAMES):
        data = only(one, "a:SubjectConfirmationData")
        if one.get("Method") != BEARER or data is None or data.get("NotBefore"):
            continue
        until = moment(data.get("NotOnOrAfter"))
        fault = _fault_of(data, until, expected)
        if until is None or fault:
            faults.append(fault or "time")
            continue
        until = min(until, issued + LONGEST) + SKEW
        if until <= expected.now:
            raise NotTaken("time")
        return until, data.get("InResponseTo")
    raise NotTaken(faults[-1])


def _fault_of(data: Any, until: datetime | None, expected: ExpectedWord) -> str:
    if data.get("Recipient") != expected.recipient:
        return "recipient"
    if data.get("InResponseTo") not in expected.requests:
        return "unasked"
    return "" if until is not None and until + SKEW > expected.now else "time"


def _check_conditions(assertion: Any, expected: ExpectedWord) -> None:
    conditions = only(assertion, "a:Conditions")
    if conditions is None or {one.tag for one in conditions} - CONDITIONS:
        raise NotTaken("conditions")
    start, end = conditions.get("NotBefore"), conditions.get("NotOnOrAfter")
    if not _is_within(start, end, expected.now):
        raise NotTaken("time")
    restrictions = conditions.findall("a:AudienceRestriction", NAMES)
    audiences = [{text_of(a) for a in one.findall("a:Audience", NAMES)} for one in restrictions]
    if not audiences or not all(expected.audience in named for named in audiences):
        raise NotTaken("audience")


def _is_within(start: str | None, end: str | None, now: datetime) -> bool:
    """A time that is said and cannot be read is none of ours."""
    begins, ends = moment(start), moment(end)
    is_begun = start is None or (begins is not None and begins <= now + SKEW)
    return is_begun and (end is None or (ends is not None and ends + SKEW > now))


def _subject(subject: Any) -> str:
    name = text_of(subject)
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise NotTaken("subject")
    if subject.get("Format") == TRANSIENT:  # another one at each log-in
        raise NotTaken("transient")
    return name


def _signed_in_at(assertion: Any, now: datetime) -> datetime:
    """When they showed there who they are."""
    statements = assertion.findall("a:AuthnStatement", NAMES)
    times = [moment(one.get("AuthnInstant")) for one in statements]
    known = [one for one in times if one is not None]
    is_going_on = all(_is_within(None, one.get("SessionNotOnOrAfter"), now) for one in statements)
    if not known or len(known) != len(times) or max(known) > now + SKEW or not is_going_on:
        raise NotTaken("time")
    return min(known)


def _attributes(assertion: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in _pairs(assertion):
        found.setdefault(name, []).append(value)
    return found


def _pairs(assertion: Any) -> Iterator[tuple[str, str]]:
    for one in assertion.findall("a:AttributeStatement/a:Attribute", NAMES):
        for value in one.findall("a:AttributeValue", NAMES):
            if text := text_of(value):
                yield one.get("Name", ""), text
