"""What uses what, known both ways: asked by screens, REST, admin and the services that take away.

Each app says here which kinds of objects it owns (`KINDS`) and who of its own uses objects of a
kind (`USES`); nobody asks another app's tables. Whoever begins to use something locks it first
(`hold`), and so does whoever takes it away (`taking`): of the two at the same moment one waits, and
then sees what the other did.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.postgres.wire import is_storable, number_of
from config.workspace.registry import Registry

MOST_NAMED = 5
Reference = tuple[str, str]  # kind and key, as ("segment", "tent-people")


@dataclass(frozen=True)
class Use:
    """Somebody who uses an object.

    `binds`: while it does, the object can neither be archived nor deleted. Other uses (a draft,
    what was sent) only keep it from being deleted; an archived object can be restored.
    """

    kind: str
    name: str
    why: str
    url: str = ""
    binds: bool = False

    def __str__(self) -> str:
        return f"{self.name} ({self.why})" if self.why else self.name


@dataclass(frozen=True)
class Thing:
    """An object that can be used, as its users show it."""

    kind: str
    key: str
    name: str
    label: str
    url: str
    is_archived: bool


@dataclass(frozen=True)
class ObjectKind:
    """A kind of objects: `key` is the column that users name it by."""

    label: Any
    model: type[Model]
    key: str
    url: Callable[[Any], str]
    is_archived: Callable[[Any], bool] = lambda row: row.archived_at is not None

    def rows(self, keys: Collection[str]) -> QuerySet[Any]:
        """Those of these keys, in the order in which they are locked."""
        wanted: Collection[Any] = [key for key in keys if is_storable(key)]
        if self.key == "pk":
            wanted = list(filter(None, map(number_of, wanted)))
        return self.model._default_manager.filter(**{f"{self.key}__in": wanted}).order_by("pk")


def form_of(row: Model) -> str:
    """The address of its form in the admin."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return reverse(name, args=[row.pk])


class InUse(Exception):
    """It is used, so it stays; `uses` say by whom."""

    def __init__(self, uses: list[Use]) -> None:
        self.uses = uses
        super().__init__(_("Used by %(users)s.") % {"users": named(uses)})


KINDS: Registry[ObjectKind] = Registry("kinds of objects that are used")
# function(kind, keys) -> (key, use) for each of its own that uses one of them
USES: Registry[Callable[[str, Collection[str]], Iterable[tuple[str, Use]]]] = Registry("uses")


def named(uses: list[Use]) -> str:
    """In words: the first few by name, the others by number."""
    words = ", ".join(str(use) for use in uses[:MOST_NAMED])
    more = len(uses) - MOST_NAMED
    if more <= 0:
        return words
    rest = ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more}
    return f"{words} {rest}"


def users_of(kind: str, keys: Collection[str]) -> dict[str, list[Use]]:
    """Who uses these, those that bind first; some queries whatever the number of keys."""
    found: dict[str, list[Use]] = {key: [] for key in keys}
    for _name, uses in USES:
        for key, use in uses(kind, keys):
            found[key].append(use)
    return {key: sorted(uses, key=lambda use: not use.binds) for key, uses in found.items()}


def users(kind: str, key: str) -> list[Use]:
    """Who uses this one."""
    return users_of(kind, [key])[key]


def things(references: Iterable[Reference]) -> list[Thing]:
    """What these references lead to, in the order of the kinds; what is gone is left out."""
    wanted = set(references)
    found = []
    for name, kind in KINDS:
        keys = [key for of, key in wanted if of == name]
        for row in kind.rows(keys) if keys else ():
            key = str(getattr(row, kind.key))
            found.append(
                Thing(name, key, str(row), str(kind.label), kind.url(row), kind.is_archived(row))
            )
    return found


def hold(references: Iterable[Reference]) -> None:
    """Lock what is about to be used, until the transaction ends: it cannot be taken away meanwhile.

    Always kind by kind and by id, so that two who use the same never dead-lock.
    """
    wanted = set(references)
    for name, kind in KINDS:
        keys = [key for of, key in wanted if of == name]
        if keys:
            list(_locked(kind.rows(keys)).values_list("pk", flat=True))


def _locked(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Not against those who only refer to its key: messages, members."""
    return rows.select_for_update(of=("self",), no_key=True)


@contextmanager
def taking(kind: str, key: str, *, for_good: bool = False) -> Iterator[Any]:
    """The locked object, once it is sure that nobody uses it; yields None where it is gone.

    Raises InUse: for archiving where a use binds, `for_good` where there is any.
    """
    with transaction.atomic():
        known = KINDS.get(kind)
        row = _locked(known.rows([key])).first() if known else None
        if row is not None:
            standing = [use for use in users(kind, key) if use.binds or for_good]
            if standing:
                raise InUse(standing)
        yield row
