"""Seals stamped with the time by an authority outside (RFC 3161): nobody has to trust our clock.

Once a day the newest block of each ledger, where the operator names an authority
(TIME_STAMP_AUTHORITY): it vouches for every block before. Only a hash leaves the house. With
TIME_STAMP_CERTIFICATES the answer's signature is checked; without, that it is about our hash.
"""

import http.client
import urllib.request
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from django.conf import settings
from django.utils import timezone
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from config.workspace.models import Seal, TimeStamp
from config.workspace.trail.sealing import LEDGERS, TREE
from config.workspace.work import circuits
from config.workspace.work.due import DELIVERY, POOLS, WORK

UNIT: Final = "time_stamps"
STAMP_EVERY: Final = timedelta(days=1)
SECONDS: Final = 10
_MOST_BYTES: Final = 1 << 16  # of an answer
_GRANTED: Final = (0, 1)  # PKIStatus: granted, granted with changes
POOLS.register(UNIT)(DELIVERY)


class NotStamped(RuntimeError):
    """What the authority answered instead of a stamp."""


@WORK.register(UNIT, order=92)
def stamp_due() -> int:
    """Stamp what is due; how many blocks. Raises NotStamped, after which the authority is left
    alone for a while (`work.circuits`).
    """
    if not settings.TIME_STAMP_AUTHORITY:
        return 0
    waiting = [seal for seal in map(_due, (ledger.name for _, ledger in LEDGERS)) if seal]
    turn = circuits.take_turn(settings.TIME_STAMP_AUTHORITY, timezone.now()) if waiting else None
    if turn is None:
        return 0
    try:
        for seal in waiting:
            stamp(seal)
    except NotStamped as error:
        circuits.failed(settings.TIME_STAMP_AUTHORITY, "", str(error), turn=turn)
        raise
    circuits.worked(settings.TIME_STAMP_AUTHORITY)
    return len(waiting)


def _due(ledger: str) -> Seal | None:
    """The newest block, where it is not stamped, and no other was within a day."""
    stamps = TimeStamp.objects.filter(seal__ledger=ledger)
    if stamps.filter(made_at__gt=timezone.now() - STAMP_EVERY).exists():
        return None
    newest = Seal.objects.filter(ledger=ledger, scheme=TREE).order_by("-id").first()
    return newest if newest and not stamps.filter(seal=newest).exists() else None


def stamp(seal: Seal) -> TimeStamp:
    """Have this block stamped. Raises NotStamped."""
    asked = _question(bytes(seal.hash))
    answer = _answer_to(asked.as_bytes())
    try:
        found = decode_timestamp_response(answer)
    except ValueError as error:
        raise NotStamped(f"the answer is no time stamp: {error}") from error
    if found.status not in _GRANTED:
        raise NotStamped(f"refused: {' '.join(found.status_string) or found.status}")
    if found.tst_info.nonce != asked.nonce:
        raise NotStamped("the answer is to another question")
    if found.tst_info.message_imprint.message != asked.message_imprint.message:
        raise NotStamped("the answer is about something else")
    _check(found, bytes(seal.hash))
    return TimeStamp.objects.create(
        seal=seal,
        authority=settings.TIME_STAMP_AUTHORITY,
        token=found.time_stamp_token(),
        at=_moment(found),
    )


def _question(sealed: bytes) -> TimeStampRequest:
    """By SHA-256, as everything here is hashed, with a number that no older answer has."""
    asked = TimestampRequestBuilder().data(sealed).hash_algorithm(HashAlgorithm.SHA256)
    return asked.nonce(nonce=True).build()


def _moment(found: TimeStampResponse) -> datetime:
    at = found.tst_info.gen_time
    return at if at.tzinfo else timezone.make_aware(at, timezone.get_fixed_timezone(0))


def _check(found: TimeStampResponse, sealed: bytes) -> None:
    """Its signature, by the certificates that the operator gave."""
    if not settings.TIME_STAMP_CERTIFICATES:
        return
    try:
        pem = Path(settings.TIME_STAMP_CERTIFICATES).read_bytes()
        verifier = VerifierBuilder()
        for certificate in x509.load_pem_x509_certificates(pem):
            if certificate.issuer == certificate.subject:
                verifier = verifier.add_root_certificate(certificate)
            else:
                verifier = verifier.add_intermediate_certificate(certificate)
        verifier.build().verify_message(found, sealed)
    except (OSError, ValueError) as error:
        raise NotStamped(f"TIME_STAMP_CERTIFICATES cannot be read: {error}") from error
    except VerificationError as error:
        raise NotStamped(f"its signature does not hold: {error}") from error


def _answer_to(asked: bytes) -> bytes:
    """What the authority says. The operator named its address, so that no guard is asked."""
    call = urllib.request.Request(  # noqa: S310 - as above
        settings.TIME_STAMP_AUTHORITY,
        asked,
        {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"},
    )
    try:
        with urllib.request.urlopen(call, timeout=SECONDS) as answer:  # noqa: S310 - as above
            return bytes(answer.read(_MOST_BYTES))
    except (OSError, http.client.HTTPException) as error:
        raise NotStamped(f"{type(error).__name__}: {error}") from error
