"""The rules of each kind of identifier: priority, limit, blocked values.

A phone number or address that is blocked, not valid or a placeholder (`placeholders`) identifies
nobody: it stays the trait that it came as.

Defaults are Segment's (user_id first and one ever, then email, the rest in alphabetical order and
five each) with PostHog's longer list of values that are nobody's id. The
workspace overrides them in `settings["identity"]`:

    {"kinds": {"loyalty_card": {"priority": 3, "limit": 2, "blocked": ["0000"]},
               "phone": {"blocked": ["06 1234 5678"], "allowed": ["+6281111111111"]}},
     "blocked": ["n/a"], "use_default_blocks": true}

A blocked number is blocked in every spelling; what is `allowed` is no placeholder.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import phonenumbers

from config.workspace.selectors import workspace
from profiles.identifiers.normalise import normalise
from profiles.identifiers.placeholders import (
    is_placeholder_email,
    is_placeholder_phone,
    phone_spellings,
)

DEFAULT_LIMIT = 5
# who has one of these is somebody; anybody else is an anonymous visitor
KNOWN_KINDS = frozenset({"user_id", "email", "phone"})
# what a device says about itself; traits told by it never override a known person's
DEVICE_KINDS = frozenset({"anonymous_id", "device_id", "push_token"})
PROFILE_KIND = "rapport_id"  # our own public ids, former ones included
MAX_MERGES = 100  # that one profile takes in; then it is resolved but takes in no more
MAX_IDENTIFIERS = 1000

BLOCKED = frozenset(
    {
        *("-1", "null", "anonymous"),  # Segment's suggestion
        *("guest", "distinct_id", "distinctid", "undefined", "true", "false"),  # PostHog's
        *("not_authenticated", "id", "email", "none", "nan", "[object object]"),
        *("anonymous_id", "anonymousid", "user_id", "userid", "nil", "unknown"),
    }
)
NO_VALUE_STARTS = ("", "0", "-", " ")
NO_VALUE = re.compile(r"[0\-\s]*")  # blank, zeros, dashes: also the nil UUID


@dataclass(frozen=True)
class Rules:
    """The settings in force; compare by `rank`, ask `limit` and `is_blocked`."""

    kinds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    blocked: frozenset[str] = BLOCKED
    placeholders: bool = True  # whether what looks like a placeholder is blocked, too

    def rank(self, kind: str) -> tuple[float, str]:
        """Sort key: the highest priority first."""
        given = self.kinds.get(kind, {}).get("priority")
        if isinstance(given, int | float):
            return float(given), kind
        return {PROFILE_KIND: -1.0, "user_id": 0.0, "email": 1.0}.get(kind, 100.0), kind

    def limit(self, kind: str) -> int:
        """How many of this kind one person may have. One user_id ever, whatever the settings."""
        if kind == "user_id":
            return 1
        if kind == PROFILE_KIND:
            return MAX_IDENTIFIERS
        given = self.kinds.get(kind, {}).get("limit")
        return given if isinstance(given, int) and given > 0 else DEFAULT_LIMIT

    def is_blocked(self, kind: str, value: str, raw: str = "") -> bool:
        """Whether so many clients send this value that it is nobody's.

        `value` is normalised, `raw` as it was given: the lists are asked about both, and of a
        number about every spelling.
        """
        if self._is_listed(self.blocked, value, raw):
            return True
        if value[:1] in NO_VALUE_STARTS and NO_VALUE.fullmatch(value):
            return True
        if kind == "phone":
            return self._is_blocked_phone(phone_spellings(value, raw))
        if kind in self.kinds and self._is_listed(self._own(kind, "blocked"), value, raw):
            return True
        return (
            kind == "email"
            and self.placeholders
            and is_placeholder_email(value)
            and not self._is_listed(self._own(kind, "allowed"), value, raw)
        )

    def identifies(self, kind: str, value: str) -> bool:
        """Whether a value that is kept as an identifier may still stand for somebody.

        It was normalised when it came in, by the rules of then.
        """
        return bool(normalise(kind, value) == value and not self.is_blocked(kind, value))

    def _is_blocked_phone(self, spellings: frozenset[str]) -> bool:
        if not self._blocked_phones.isdisjoint(spellings):
            return True
        if not self.placeholders or not is_placeholder_phone(spellings):
            return False
        return _digits(self._own("phone", "allowed")).isdisjoint(spellings)

    @cached_property
    def _blocked_phones(self) -> frozenset[str]:
        return _digits(self._own("phone", "blocked") | self.blocked)

    def _own(self, kind: str, name: str) -> frozenset[str]:
        """A list of this kind's own, in lower case."""
        given = self.kinds.get(kind, {}).get(name, ())
        return frozenset(str(entry).strip().lower() for entry in given)

    @staticmethod
    def _is_listed(listed: frozenset[str], value: str, raw: str) -> bool:
        return value.lower() in listed or (raw != "" and raw.strip().lower() in listed)


def _digits(listed: frozenset[str]) -> frozenset[str]:
    """A list of numbers as it stands, and each as its digits."""
    return listed | {phonenumbers.normalize_digits_only(entry) for entry in listed} - {""}


def rules() -> Rules:
    """The workspace's rules; no query within five seconds."""
    given = workspace().setting("identity", {})
    if not isinstance(given, dict) or not given:
        return Rules()
    extra = {str(value).lower() for value in given.get("blocked", ())}
    base = BLOCKED if given.get("use_default_blocks", True) else frozenset()
    return Rules(kinds=given.get("kinds", {}), blocked=base | extra, placeholders=bool(base))
