"""The words of a double opt-in: those of the purpose, else ours, in the person's language.

Versions of `consent.wordings` under the key `double-opt-in`, of a purpose with words of its own
under `double-opt-in-SLUG`. `{purpose}` stands for the purpose's (or topic's) name.
"""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext, gettext_noop, override

from consent.models import Purpose, Topic, Wording
from consent.wordings import newest_of, say

KEY: Final = "double-opt-in"
OURS: Final[Mapping[str, str]] = {
    "subject": gettext_noop("Please confirm: {purpose}"),
    "text": gettext_noop(
        "You asked us to write to this address about: {purpose}. Please confirm that it was you."
    ),
    "statement": gettext_noop("Yes, I want mails about {purpose} at this address."),
    "ignore": gettext_noop(
        "If it was not you, do nothing: nothing is sent, and the address is deleted."
    ),
}


def key_of(purpose: Purpose) -> str:
    """Of its own words."""
    return f"{KEY}-{purpose.slug}"[:60]


def wording_of(purpose: Purpose, language: str) -> Wording:
    """The newest version in this language; ours is written down when it is first shown."""
    own = newest_of(key_of(purpose)).get(language)
    if own is not None:
        return own
    with override(language):
        return say(KEY, language, {name: gettext(text) for name, text in OURS.items()})


def shown(wording: Wording, name: str, purpose: Purpose, topic: Topic | None) -> str:
    """One of its texts as the person reads it."""
    named = topic.name if topic else purpose.name
    return wording.texts.get(name, "").replace("{purpose}", named)


def as_shown(wording: Wording, purpose: Purpose, topic: Topic | None) -> str:
    """What the ledger keeps: the statement that is confirmed."""
    return shown(wording, "statement", purpose, topic)


def current_texts(purpose: Purpose, language: str) -> dict[str, str]:
    """What somebody would be asked in today, each text by its name; nothing is written down."""
    own = newest_of(key_of(purpose)).get(language) if purpose.slug else None
    with override(language):
        ours = {name: gettext(text) for name, text in OURS.items()}
    return ours | (own.texts if own else {})


def say_own(purpose: Purpose, language: str, texts: Mapping[str, str]) -> None:
    """The purpose's own words from now on: a version, where they are other than today's."""
    now = current_texts(purpose, language)
    wanted = now | {name: text for name, text in texts.items() if text.strip()}
    if wanted != now:
        say(key_of(purpose), language, {name: wanted[name] for name in OURS})
