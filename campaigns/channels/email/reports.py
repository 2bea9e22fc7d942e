"""What mail servers say later of a mail that one of them took: delivery reports (RFC 3464)."""

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import Message
from typing import Any

from campaigns.channels.base import BOUNCED, DELIVERED, Returned
from campaigns.channels.email.answers import PERMANENT, kind_of

_REPORT, _STATUS = "multipart/report", "message/delivery-status"
_ORIGINAL = ("message/rfc822", "message/global", "text/rfc822-headers")
_CODE = re.compile(r"\b([245]\d\d)\b")
_MOST = 500  # characters of a word
_TEMPORARY = 450


def read_report(body: bytes) -> list[Returned]:
    """What a report says of the mail that it names by its Message-ID; none for any other mail.

    A refusal that is about us, or about now (a full mailbox, a server that was away for days), is
    no bounce of the address, here as in an answer (`answers.kind_of`).
    """
    mail = message_from_bytes(body, policy=policy.compat32)
    kind = str(mail.get_param("report-type", "")).lower()
    if mail.get_content_type() != _REPORT or kind != "delivery-status":
        return []
    reference = _original_id(mail)
    said = (_said(reference, fields) for fields in _recipients(mail)) if reference else ()
    return [one for one in said if one is not None]


def _original_id(mail: Message) -> str:
    """The Message-ID of the mail that the report is about, whole or by its headers."""
    for part in mail.walk():
        if part.get_content_type() not in _ORIGINAL:
            continue
        inside = part.get_payload(0) if part.is_multipart() else _headers(part)
        if isinstance(inside, Message) and inside["Message-ID"]:
            return str(inside["Message-ID"]).strip()
    return ""


def _headers(part: Message) -> Message:
    payload = part.get_payload(decode=True)
    return message_from_bytes(payload if isinstance(payload, bytes) else b"")


def _recipients(mail: Message) -> Iterator[Message]:
    """The fields of each recipient: every block of the status but for the first."""
    for part in mail.walk():
        if part.get_content_type() == _STATUS and part.is_multipart():
            blocks: Any = part.get_payload()
            yield from (block for block in blocks[1:] if isinstance(block, Message))


def _said(reference: str, fields: Message) -> Returned | None:
    action = str(fields.get("Action", "")).strip().lower()
    if action == "delivered":
        return Returned(reference, DELIVERED)
    if action != "failed":  # delayed, relayed, expanded: nothing is known yet
        return None
    status = str(fields.get("Status", "")).strip()
    diagnostic = str(fields.get("Diagnostic-Code", "")).partition(";")[2]
    word = " ".join(diagnostic.split()) or status
    code = _CODE.search(word)
    number = int(code[1]) if code else PERMANENT if status.startswith("5") else _TEMPORARY
    if kind_of(number, f"{status} {word}", recipient=True) != BOUNCED:
        return None
    return Returned(reference, BOUNCED, word[:_MOST])
