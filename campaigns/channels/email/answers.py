"""What a mail server's answers mean (RFC 5321 section 4.2, RFC 3463).

A recipient refused with 5xx is a hard bounce, unless the refusal is about us (5.7.x, policy) or
about now (5.2.2, mailbox full). 4xx is temporary.
"""

import re
import smtplib
from collections.abc import Sequence

from campaigns.channels.base import BOUNCED, FAILED, TEMPORARY
from campaigns.channels.email.smtp import Late
from config.workspace.work.reasons import reason_of

OK, MORE, CLOSES, PERMANENT = 250, 354, 421, 500
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


def refusal(replies: Sequence[tuple[int, str]]) -> tuple[str, str, bool, bool] | None:
    """What the first refused command means, as parts of a ParcelOutcome, or None."""
    for place, (code, text) in enumerate(replies):
        good = code == MORE if place == 2 else code in (250, 251, 252)  # noqa: PLR2004
        if not good:
            kind = kind_of(code, text, recipient=place == 1)
            about_server = kind == TEMPORARY and _is_about_server(code, text, place == 1)
            return kind, f"{code} {text}"[:500], False, about_server
    return None


def kind_of(code: int, text: str, *, recipient: bool) -> str:
    """A refusal in our words."""
    if code < PERMANENT:
        return TEMPORARY
    status = _ENHANCED.search(text)
    if status and (status[2], status[3]) == ("2", "2"):
        return TEMPORARY
    if not recipient or (status and status[2] == "7"):
        return FAILED
    return BOUNCED


def _is_about_server(code: int, text: str, recipient: bool) -> bool:
    """A refusal for now that any mail would get: not the greylisting or full box of one."""
    if not recipient:
        return True
    status = _ENHANCED.search(text)
    return status[2] in ("3", "4") if status else code in (451, 452)


def word_of(error: Exception) -> str:
    """The provider's word, without anything of ours."""
    if isinstance(error, smtplib.SMTPResponseException):
        raw = error.smtp_error
        text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        return f"{error.smtp_code} {text}"[:500]
    if isinstance(error, Late):
        return str(error)
    phrase = reason_of(error).partition(": ")[2]  # no errno, and no name of a class
    return phrase or f"{type(error).__name__}: {error}"[:500]
