"""The rules of each kind of identifier: priority, limit, blocked values.

Defaults are Segment's (user_id first and one ever, then email, the rest in alphabetical order and
five each) with PostHog's longer list of values that are nobody's id; semantics.md section 2. The
workspace overrides them in `settings["identity"]`:

    {"kinds": {"loyalty_card": {"priority": 3, "limit": 2, "blocked": ["0000"]}},
     "blocked": ["n/a"], "use_default_blocks": true}
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from config.workspace.selectors import workspace

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

    def is_blocked(self, kind: str, value: str) -> bool:
        """Whether so many clients send this value that it is nobody's."""
        lowered = value.lower()
        if lowered in self.blocked or (value[:1] in NO_VALUE_STARTS and NO_VALUE.fullmatch(value)):
            return True
        if kind not in self.kinds:
            return False
        own = self.kinds[kind].get("blocked", ())
        return any(str(entry).lower() == lowered for entry in own)


def rules() -> Rules:
    """The workspace's rules; no query within five seconds."""
    given = workspace().setting("identity", {})
    if not isinstance(given, dict) or not given:
        return Rules()
    extra = {str(value).lower() for value in given.get("blocked", ())}
    base = BLOCKED if given.get("use_default_blocks", True) else frozenset()
    return Rules(kinds=given.get("kinds", {}), blocked=base | extra)
