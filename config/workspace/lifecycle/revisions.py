"""Changes that build on what somebody has seen: a revision that has passed is refused."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from config.workspace.models import AuditEntry

MOST = 50  # changes that are looked at


class Stale(Exception):
    """Somebody else changed it meanwhile; nothing was saved. `revision` is the one of now."""

    def __init__(self, revision: int) -> None:
        super().__init__(_("It was changed meanwhile, so nothing was saved. Read it again."))
        self.revision = revision


def refuse_stale(now: int, built_on: int | None) -> None:
    """Raise Stale where a change builds on another revision than that of now; None is not asked.

    Ask it with the row locked, or two changes pass together.
    """
    if built_on is not None and built_on != now:
        raise Stale(now)


def revision_in(posted: Mapping[str, Any]) -> int | None:
    """The revision that a form carries; None where it carries none."""
    return number_in(posted, "revision")


def number_in(posted: Mapping[str, Any], name: str) -> int | None:
    """A number that a form or an address carries from what it showed; None where it is none."""
    text = str(posted.get(name) or "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None  # noqa: PLR2004


def changes_since(target_kind: str, target: str, built_on: int) -> list[AuditEntry]:
    """What the trail says of the changes since, the newest first and so many at most.

    Each change of the target is recorded with its revision as a detail.
    """
    entries = AuditEntry.objects.filter(
        target_kind=target_kind, target=target, detail__revision__gt=built_on
    )
    return list(entries[:MOST])
