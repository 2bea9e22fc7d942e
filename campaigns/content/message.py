"""The finished mail as bytes. Written by hand: the standard library's needs some 3 ms for each.

What comes from outside cannot start a header: every value is put on one line, and what is not
plain ASCII goes into encoded words (RFC 2047), whose alphabet has neither CR nor LF.
"""

import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256

from campaigns.content.addresses import wire_address
from campaigns.content.errors import ContentError
from campaigns.content.render import Rendered

CRLF = b"\r\n"
_LINE = 76  # characters; RFC 2045 and 2047 allow no longer
_WORD_BYTES = 45  # of text in one encoded word: 60 of base64 and 12 around it
_AROUND = len("=?utf-8?b?") + len("?=")
_CHARACTER_BYTES = 4  # of the longest
_MAILBOX = len("Reply-To: ")  # the longest name of a header that names somebody
_PLAIN = re.compile(r"[\x20-\x7e]*")
_CONTROLS = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ufeff]+")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,76}")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]+@[\x21-\x3b\x3d\x3f-\x7e]+>")
_URL = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]+")
_OWN_HEADERS = re.compile(
    "from|to|cc|bcc|subject|date|message-id|reply-to|mime-version|return-path|sender|feedback-id|"
    "content-type|content-transfer-encoding|list-unsubscribe|list-unsubscribe-post",
    re.IGNORECASE,
)


def build_email(  # noqa: PLR0913 - keyword only, one for each header
    rendered: Rendered,
    *,
    sender_name: str,
    sender_address: str,
    to_name: str,
    to_address: str,
    message_id: str,
    reply_to: str = "",
    list_unsubscribe_url: str | None = None,
    list_unsubscribe_mailto: str | None = None,
    feedback_id: str = "",
    headers: Mapping[str, str] | None = None,
    date: datetime | None = None,
) -> bytes:
    """The message of RFC 5322, lines ended by CRLF, 7 bit throughout.

    Only an address whose part before the @ is beyond ASCII stands as UTF-8 (RFC 6532): such a mail
    goes to servers alone that take it. `message_id` with its angle brackets. With
    `list_unsubscribe_url` (https) it is one-click (RFC 8058). Raises ContentError for an address,
    id or header name that cannot stand in a mail.
    """
    lines = [
        f"From: {mailbox(sender_name, sender_address)}",
        f"To: {mailbox(to_name, to_address)}",
        f"Subject: {header_text(rendered.subject, len('Subject: '))}",
        f"Date: {format_datetime(date or datetime.now(UTC))}",
        f"Message-ID: {_checked(_MESSAGE_ID, message_id, 'message id')}",
        "MIME-Version: 1.0",
    ]
    if reply_to:
        lines.append(f"Reply-To: {mailbox('', reply_to)}")
    if feedback_id:
        lines.append(f"Feedback-ID: {header_text(feedback_id, len('Feedback-ID: '))}")
    lines += _unsubscribe(list_unsubscribe_url, list_unsubscribe_mailto)
    lines += _extra(headers or {})
    return "\r\n".join(lines).encode() + CRLF + _body(rendered, message_id)


def _checked(pattern: re.Pattern[str], value: str, what: str) -> str:
    if not pattern.fullmatch(value):
        raise ContentError(f"no valid {what}: {value[:80]!r}")
    return value


def _extra(headers: Mapping[str, str]) -> list[str]:
    lines = []
    for name, value in headers.items():
        if _OWN_HEADERS.fullmatch(name):
            raise ContentError(f"the header {name} is set by the console")
        _checked(_HEADER_NAME, name, "header name")
        lines.append(f"{name}: {header_text(value, len(name) + 2)}")
    return lines


def _unsubscribe(url: str | None, mailto: str | None) -> list[str]:
    targets = [
        f"<{_checked(_URL, target, 'unsubscribe link')}>" for target in (url, mailto) if target
    ]
    if not targets:
        return []
    name = "List-Unsubscribe: "
    fits_alone = len(name) + len(targets[0]) >= _LINE > len(targets[0]) + 1  # and not beside it
    lines = [name + "\r\n " * fits_alone + ",\r\n ".join(targets)]
    if url:
        lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    return lines


def one_line(text: str) -> str:
    """`text` with every run of white space and control characters as one blank."""
    return _CONTROLS.sub(" ", text).encode("utf-8", "replace").decode().strip()


def header_text(text: str, used: int = 0) -> str:
    """Any text as a header's value; `used` characters stand on its first line already."""
    line = one_line(text)
    if not line:
        return ""
    if _PLAIN.fullmatch(line) and "=?" not in line:
        folded = _folded(line, used)
        if folded is not None:
            return folded
    return encoded_words(line, used)


def _folded(line: str, used: int) -> str | None:
    """`line` broken at blanks into lines of 76, or None where a word is too long for one."""
    if used + len(line) <= _LINE:
        return line
    rows: list[str] = [""]
    room = _LINE - used
    for word in line.split(" "):
        if len(word) > (_LINE - 1 if rows[-1] else room):
            return None
        if rows[-1] and len(rows[-1]) + 1 + len(word) > room:
            rows.append(word)
            room = _LINE - 1
        else:
            rows[-1] = f"{rows[-1]} {word}".lstrip(" ")
    return "\r\n ".join(rows)


def encoded_words(text: str, used: int = 0) -> str:
    """RFC 2047 words, base64, one a line, no line longer than 76 with what stands before the first
    (`used`); no character is cut in two.
    """
    words: list[str] = []
    part: list[str] = []
    size, room = 0, min((_LINE - used - _AROUND) // 4 * 3, _WORD_BYTES)
    if room < _CHARACTER_BYTES:
        words, room = [""], _WORD_BYTES  # nothing more fits on the first line
    for character in text:
        length = len(character.encode())
        if size + length > room:
            words.append("".join(part))
            part, size, room = [], 0, _WORD_BYTES
        part.append(character)
        size += length
    words.append("".join(part))
    return "\r\n ".join(_encoded_word(word) if word else "" for word in words)


def _encoded_word(text: str) -> str:
    return f"=?utf-8?b?{binascii.b2a_base64(text.encode(), newline=False).decode()}?="


@lru_cache(maxsize=1024)
def _phrase(name: str) -> str:
    line = one_line(name)
    if not line:
        return ""
    quoted = '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if _PLAIN.fullmatch(line) and "=?" not in line and len(quoted) <= _LINE - _MAILBOX:
        return quoted
    return encoded_words(line, _MAILBOX)


def mailbox(name: str, address: str) -> str:
    """`"Name" <address>`. Raises ContentError where `address` is none that SMTP carries."""
    target = wire_address(address)
    phrase = _phrase(name)
    if not phrase:
        return target
    return (
        f"{phrase}\r\n <{target}>"
        if len(phrase) + len(target) > _LINE // 2
        else (f"{phrase} <{target}>")
    )


def _body(rendered: Rendered, message_id: str) -> bytes:
    if not rendered.html:
        return _part("plain", rendered.text)
    # '=_' can stand neither in quoted-printable nor in base64, so no part can hold the boundary
    boundary = b"=_r" + sha256(message_id.encode()).hexdigest()[:24].encode()
    opening = CRLF + b"--" + boundary + CRLF
    head = b'Content-Type: multipart/alternative; boundary="' + boundary + b'"\r\n'
    parts = (_part("plain", rendered.text), _part("html", rendered.html))
    return head + opening + opening.join(parts) + CRLF + b"--" + boundary + b"--\r\n"


def _part(kind: str, text: str) -> bytes:
    data = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    encoding, body = _encoded(data.replace(b"\n", CRLF), len(data) - len(text))
    return (
        f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode() + body


def _encoded(data: bytes, surplus: int) -> tuple[str, bytes]:
    """Quoted-printable, which filters and people can read; base64 for other scripts.

    `surplus` is the number of bytes beyond one a character, and so a measure of the script.
    """
    if surplus * 5 < len(data):
        lines = binascii.b2a_qp(data, istext=True)
        # it breaks long lines as the first line of the text ends, and by LF where there is one line
        return "quoted-printable", lines if CRLF in data else lines.replace(b"\n", CRLF)
    line = binascii.b2a_base64(data, newline=False)
    rows = [line[start : start + _LINE] for start in range(0, len(line), _LINE)]
    return "base64", CRLF.join(rows)
