"""Contact frequency: how often marketing may reach a person on a channel.

The setting `contact_frequency` of the workspace: `{"email": {"count": 1, "per_days": 1}}`. A
channel that it does not name has the default; null is no limit. A campaign's own caps replace it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.workspace import audit
from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace, workspace

SETTING = "contact_frequency"


@dataclass(frozen=True)
class Frequency:
    """At most `count` marketing messages within `per_days` calendar days."""

    count: int
    per_days: int

    def __str__(self) -> str:
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


def contact_frequency(channel: str) -> Frequency | None:
    """What the workspace allows on this channel; None is no limit."""
    given = workspace().setting(SETTING, None) or {}
    return read(given[channel]) if channel in given else DEFAULT


def read(given: Mapping[str, Any] | None) -> Frequency | None:
    """`{"count", "per_days"}` as it is stored; None for no limit."""
    if not given or not given.get("per_days"):
        return None
    return Frequency(int(given.get("count") or 1), int(given["per_days"]))


@transaction.atomic
def set_contact_frequency(channel: str, frequency: Frequency | None) -> None:
    """From now on; what is queued already stays queued."""
    row = Workspace.objects.select_for_update().get(pk=1)
    stored = None if frequency is None else vars(frequency)
    known = row.settings.get(SETTING) or {}
    row.settings = row.settings | {SETTING: known | {channel: stored}}
    row.save(update_fields=["settings"])
    audit.record("workspace.changed", "workspace", "1", fields=[SETTING])
    forget_workspace()


def words_of(frequency: Frequency | None) -> str:
    """In words, no limit as well."""
    return str(frequency) if frequency else _("no limit")
