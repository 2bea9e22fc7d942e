"""One timeline of everything: each app signs in a function, the page merges them by a cursor.

Items are ordered newest first by (at, key). A key is made by `key_of(NAME, id)`, so that rows of
one table at one moment keep an order; `id_below` turns the cursor into a bound for SQL:

    rows.filter(at__lte=before[0]) ... WHERE (at, id) < (before[0], id_below(before, NAME))
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config.postgres.wire import number_of
from config.workspace.pages.rows import unshown
from config.workspace.registry import Registry

if TYPE_CHECKING:
    from profiles.selectors.masking import Shown

Text = str | Promise
Cursor = tuple[datetime, str]
MAX_ID = 2**63 - 1
# what one may filter by, in the order of the tabs
KINDS: dict[str, Text] = {
    "web": _("Web"),
    "orders": _("Orders"),
    "messages": _("Messages"),
    "permission": _("Permission"),
    "identity": _("Identity"),
    "notes": _("Notes"),
}


@dataclass(frozen=True)
class Action:
    """A link or, with `post`, a button beside an item, for those with `permission`.

    `only` is the one user whom it is for; `is_dialog`: it opens over the page.
    """

    label: Text
    url: str
    icon: str = ""
    post: bool = False
    permission: str = ""
    only: int | None = None
    is_dialog: bool = False


@dataclass(frozen=True)
class TimelineItem:
    """One thing that happened. `title` and `detail` may be SafeString (bold parts)."""

    at: datetime
    key: str
    kind: str
    icon: str
    title: Text
    detail: Text = ""
    tone: Literal["", "good", "no"] = ""
    source: Text = ""
    properties: dict[str, Any] | None = None
    actions: tuple[Action, ...] = ()
    # items of one word here, following one another closely, fold into one ("14 pages in 9 min")
    fold: str = ""
    subject: str = ""  # what a folded one was about: the page's name
    thing: Literal["page", "product"] = "page"  # what a folded one is counted as
    folded: tuple["TimelineItem", ...] = field(default=())
    # the same for who may not see personal data, told from masked properties; without it the texts
    # are masked by what looks personal and `properties` as evidence
    retell: "Callable[[Shown], TimelineItem] | None" = field(default=None, compare=False)

    @property
    def cursor(self) -> Cursor:
        """Where to go on after this item."""
        return (self.at, self.key)


# name -> function(profile_id, before, limit, kinds) -> the newest `limit` older than `before`;
# `kinds` is empty for all, else the only kinds wanted
Provider = Callable[[int, Cursor | None, int, Collection[str]], list[TimelineItem]]
TIMELINE: Registry[Provider] = Registry("timeline")


def key_of(name: str, number: int) -> str:
    """The key of row `number` of the provider `name`; sorts as the number does."""
    return f"{name}:{number:020d}"


def id_below(before: Cursor | None, name: str) -> int:
    """The id that rows of `name` at the cursor's moment must stay below."""
    if before is None:
        return MAX_ID
    cursor_name, _colon, number = before[1].rpartition(":")
    if cursor_name == name:
        return number_of(number.lstrip("0"))  # zeros stand before it
    return MAX_ID if name < cursor_name else 0


def merge(parts: Iterable[list[TimelineItem]], limit: int) -> list[TimelineItem]:
    """The newest `limit` of all, newest first."""
    items = [item for part in parts for item in part]
    return sorted(items, key=attrgetter("at", "key"), reverse=True)[:limit]


def timeline(
    profile_id: int, before: Cursor | None = None, limit: int = 50, kinds: Collection[str] = ()
) -> list[TimelineItem]:
    """The newest `limit` items older than `before`; as many queries as functions signed in."""
    return merge((_part(name, f, profile_id, before, limit, kinds) for name, f in TIMELINE), limit)


def _part(  # noqa: PLR0913, PLR0917 - what a provider takes
    name: str,
    provider: Provider,
    profile_id: int,
    before: Cursor | None,
    limit: int,
    kinds: Collection[str],
) -> list[TimelineItem]:
    """What one app says; where it cannot, one item that says so, on the first leaf."""
    try:
        return provider(profile_id, before, limit, kinds)
    except Exception as error:
        title = str(unshown(error))
        item = TimelineItem(timezone.now(), key_of(name, 0), "", "alert", title, tone="no")
        return [item] if before is None else []
