"""What may be said of an error: its class and a phrase of ours, or words without anybody in them.

PostgreSQL's and other libraries' words may quote a person's value, so that they are kept out; what
a connection came to is said in phrases of our own.
"""

import re
from typing import Final

from django.utils.translation import gettext


def gettext_noop(words: str) -> str:
    """Marks words for the catalogue. Django's own asks the settings, and they import this file."""
    return words


MOST = 160  # characters
SERVER_CHANGED: Final = gettext_noop("the server's programs were replaced under it")
TOO_MANY: Final = gettext_noop("too many connections")
PHRASES = (
    (
        "one session to several clients",
        gettext_noop("a pooler gives one session to several clients in turn"),
    ),
    ("could not load library", SERVER_CHANGED),
    ("undefined symbol", SERVER_CHANGED),
    ("could not access file", SERVER_CHANGED),
    ("incompatible library", SERVER_CHANGED),
    ("connection refused", gettext_noop("connection refused")),
    ("no such file or directory", gettext_noop("no server listens")),
    ("password authentication failed", gettext_noop("the password is refused")),
    ("no password supplied", gettext_noop("the password is refused")),
    ("too many clients", TOO_MANY),
    ("too many connections for", TOO_MANY),  # of a role, or to a database
    ("remaining connection slots", TOO_MANY),
    ("starting up", gettext_noop("the server is starting")),
    ("shutting down", gettext_noop("the server is shutting down")),
    ("recovery mode", gettext_noop("the server is recovering")),
    ("terminating connection", gettext_noop("the server ended the connection")),
    ("closed the connection", gettext_noop("the server ended the connection")),
    ("connection is lost", gettext_noop("the server ended the connection")),
    ("the connection is closed", gettext_noop("the server ended the connection")),
    ("could not translate host name", gettext_noop("the host name is not known")),
    ("name or service not known", gettext_noop("the host name is not known")),
    ("certificate verify failed", gettext_noop("the certificate is not trusted")),
    ("deadlock detected", gettext_noop("deadlock")),
    ("statement timeout", gettext_noop("the statement took too long")),
    ("timed out", gettext_noop("no answer in time")),
    ("timeout expired", gettext_noop("no answer in time")),
    ("no space left", gettext_noop("the disk is full")),
    ("could not extend file", gettext_noop("the disk is full")),
)
# Each is read through once, whatever a stranger's path is: a find begins where its word does, or at
# the last slash before the question mark, and not at each letter anew.
_MAIL = re.compile(
    r"(?<![^\s<>\"'(),;:/=\[\]])[^\s<>\"'(),;:/=\[\]]+(?:@|%40)[^\s<>\"'(),;:/=&\[\]]+", re.I
)
_PHONE = re.compile(r"(?<![\w.])(?:\+|%2B)\d(?:[\s().-]?\d){6,14}(?!\w)", re.I)
# what stands in an address of ours: a person, or the secret of a link
_PLACES = re.compile(r"(/(?:api/profiles|preferences|confirm|u|t/\w+)/)[^/\s\"'?]+")
_QUERY = re.compile(r"(/[^\s\"'?/]*+\?)[^\s\"']+")
# queue ids, host names with numbers and so on make two of the same word look different
_VARYING = re.compile(r"\b(?=\w*\d)(?=\w*[a-z])\w{8,}\b|\b\d{6,}\b", re.I)


def without_people(text: str) -> str:
    """`text` with mail addresses, phone numbers, and people in addresses of ours replaced."""
    text = _PLACES.sub(r"\1…", text)
    text = _QUERY.sub(r"\1…", text)
    return _PHONE.sub("<phone>", _MAIL.sub("<address>", text))


def provider_word(text: str) -> str:
    """A provider's refusal without addresses and without what differs from mail to mail."""
    plain = " ".join(_VARYING.sub("…", without_people(text)).split())
    return plain[:MOST]


def reason_of(error: BaseException) -> str:
    """ "OperationalError: connection refused": the class, and a phrase where one is known."""
    name, words = type(error).__name__, str(error).lower()
    for sign, phrase in PHRASES:
        if sign in words and _is_about_us(error):
            return f"{name}: {phrase}"
    return name


def in_words(reason: str) -> str:
    """What `reason_of` said when it failed, in the reader's language. No query."""
    name, colon, phrase = reason.partition(": ")
    if not colon or phrase not in _PHRASES:
        return reason
    return f"{name}: " + gettext(phrase)


def phrase_in_words(reason: str) -> str:
    """As `in_words`, for who has no use for the name of a class where a phrase says it."""
    _name, _colon, phrase = reason.partition(": ")
    return gettext(phrase) if phrase in _PHRASES else reason


_PHRASES = {phrase for _sign, phrase in PHRASES}


def _is_about_us(error: BaseException) -> bool:
    """Not about a person's data: connections, files, time. Those classes and their causes."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"OperationalError", "OSError", "InterfaceError", "InternalError"})
