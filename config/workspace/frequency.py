"""Contact frequency: how often marketing may reach a person, on a channel, by a tag and in all.

The setting `contact_frequency` of the workspace: `{"email": {"count": 1, "per_days": 1}}`. A
channel that it does not name has the default; null is no limit. `total` is over all channels,
`tag:NAME` of the messages with this tag, whatever their channel; without them there is no such
limit. All of them hold together. A campaign's own caps replace them.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.workspace.selectors import workspace
from config.workspace.stored import change_setting

SETTING = "contact_frequency"
CHANNEL, TOTAL, TAG = "channel", "total", "tag"  # what a limit is about
SCOPES: Final = (CHANNEL, TOTAL, TAG)
MOST_COUNT: Final = 10_000
# further back nobody knows how often somebody was written to
MOST_DAYS: Final = min(settings.CONTACT_COUNT_DAYS or MOST_COUNT, MOST_COUNT)
_TAG = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


@dataclass(frozen=True)
class Frequency:
    """At most `count` marketing messages within `per_days` calendar days of the person."""

    count: int
    per_days: int
    scope: str = CHANNEL
    tag: str = ""  # of scope tag

    def __str__(self) -> str:
        limit = self._number()
        if self.scope == TOTAL:
            return _("%(limit)s, all channels together") % {"limit": limit}
        if self.scope == TAG:
            return _("%(limit)s with the tag %(tag)s") % {"limit": limit, "tag": self.tag}
        return limit

    def _number(self) -> str:
        values = {"n": self.count, "days": self.per_days}
        if self.per_days == 1:
            one = ngettext(
                "at most %(n)d marketing message a day",
                "at most %(n)d marketing messages a day",
                self.count,
            )
            return one % values
        words = ngettext(
            "at most %(n)d marketing message in %(days)d days",
            "at most %(n)d marketing messages in %(days)d days",
            self.count,
        )
        return words % values


DEFAULT = Frequency(1, 1)


def is_limit(count: int, per_days: int) -> bool:
    """Whether a limit may be so."""
    return 0 < count <= MOST_COUNT and 0 < per_days <= MOST_DAYS


def is_tag(value: object) -> bool:
    """Whether messages may be tagged so: a short name that stands in a setting's key."""
    return isinstance(value, str) and bool(_TAG.fullmatch(value))


def tag_words() -> str:
    """What a tag looks like."""
    return _("A tag: small letters, digits, - and _, up to 60.")


def contact_frequency(channel: str) -> Frequency | None:
    """What the workspace allows on this channel; None is no limit."""
    given = workspace().setting(SETTING, None) or {}
    return read(given[channel]) if channel in given else DEFAULT


def total_frequency() -> Frequency | None:
    """Over all channels together; None is no limit."""
    return read((workspace().setting(SETTING, None) or {}).get(TOTAL), TOTAL)


def tag_frequencies() -> dict[str, Frequency]:
    """By tag, the limits that there are, in the order of their names."""
    given = workspace().setting(SETTING, None) or {}
    tags = {key.partition(":")[2]: value for key, value in given.items() if key.startswith("tag:")}
    found = {tag: read(tags[tag], TAG, tag) for tag in sorted(tags)}
    return {tag: frequency for tag, frequency in found.items() if frequency}


def limits_of(channel: str, tags: Collection[str] = ()) -> list[Frequency]:
    """All that the workspace says of a message on this channel with these tags."""
    by_tag = tag_frequencies()
    found = [contact_frequency(channel), total_frequency(), *(by_tag.get(tag) for tag in tags)]
    return [frequency for frequency in found if frequency]


def read(given: Mapping[str, Any] | None, scope: str = CHANNEL, tag: str = "") -> Frequency | None:
    """`{"count", "per_days"}` as it is stored; None for no limit."""
    if not given or not given.get("per_days"):
        return None
    return Frequency(int(given.get("count") or 1), int(given["per_days"]), scope, tag)


def set_contact_frequency(channel: str, frequency: Frequency | None) -> None:
    """Of one channel, or of `total`. From now on; what is queued already stays queued."""
    _store({channel: _stored(frequency)})


def set_tag_frequencies(by_tag: Mapping[str, Frequency]) -> None:
    """All limits by tag, in place of those that there were."""
    _store({f"tag:{tag}": _stored(frequency) for tag, frequency in by_tag.items()}, without="tag:")


def _stored(frequency: Frequency | None) -> dict[str, int] | None:
    if frequency is None:
        return None
    return {"count": frequency.count, "per_days": frequency.per_days}


def _store(values: Mapping[str, Any], *, without: str = "") -> None:
    def changed(known: Mapping[str, Any] | None) -> dict[str, Any]:
        kept = (known or {}).items()
        return {k: v for k, v in kept if not (without and k.startswith(without))} | dict(values)

    change_setting(SETTING, changed)


def words_of(frequency: Frequency | None) -> str:
    """In words, no limit as well."""
    return str(frequency) if frequency else _("no limit")


def words_of_all(limits: Collection[Frequency]) -> str:
    """Several in words, all of which hold."""
    return "; ".join(map(str, limits)) or _("no limit")
