"""Making, changing and taking away roles: for the console and REST alike.

Nobody makes, changes or takes away a role that may or sees more than they themselves do.
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from config.workspace import audit
from config.workspace.lifecycle.revisions import refuse_stale
from config.workspace.models import CustomRole
from config.workspace.permissions import PERMISSIONS, ROLES, SEES_ALL, Rights, may_give, rights_of
from config.workspace.permissions import role_in_words as in_words
from config.workspace.roles.custom import forget_roles, sight_in
from config.workspace.roles.sight import MASKED, WHOLE, NotASight, RoleSight, read
from config.workspace.team.holders import holders_of, move_holders

LONGEST_KEY, MOST_ROLES = 32, 100
# what does nothing without another
NEEDS = {
    "messages.transactional": "messages.send",
    "campaigns.launch": "campaigns.view",
    "messages.send": "messages.view",
    "purposes.edit": "consents.view",
    "policies.edit": "consents.view",
} | {
    name: f"{name.partition('.')[0]}.view"
    for name in PERMISSIONS
    if not name.endswith(".view") and f"{name.partition('.')[0]}.view" in PERMISSIONS
}


class CannotChangeRole(ValueError):
    """Why not, in the reader's language; `path` is the field, "" where it is none."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True)
class RoleDraft:
    """A role as it was filled in; `sight` as `config.workspace.roles.sight.read` takes it."""

    name: str
    description: str = ""
    permissions: Collection[str] = ()
    sight: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def create_role(draft: RoleDraft, *, by: object) -> CustomRole:
    """A new one. Raises CannotChangeRole."""
    if CustomRole.objects.count() >= MOST_ROLES:
        raise CannotChangeRole(_("There are %(n)s roles already.") % {"n": MOST_ROLES})
    row = CustomRole(key=_free_key(draft.name), revision=0, permissions=[])
    _fill(row, draft, by)
    detail = {"name": row.name, "added": row.permissions, "sees": sees_of(row)}
    audit.record("role.created", "role", row.key, detail=detail)
    return row


@transaction.atomic
def change_role(
    row: CustomRole, draft: RoleDraft, *, by: object, revision: int | None = None
) -> CustomRole:
    """From the next request of everybody who has it on. Raises CannotChangeRole, Stale."""
    row = CustomRole.objects.select_for_update().get(pk=row.pk)
    refuse_stale(row.revision, revision)
    _refuse_above(row, by)
    before, saw = set(row.permissions), sees_of(row)
    fields = [
        name for name in ("name", "description") if getattr(row, name) != getattr(draft, name)
    ]
    _fill(row, draft, by)
    now = set(row.permissions)
    changes = {"added": sorted(now - before), "taken": sorted(before - now)}
    changes |= {"sees": sees_of(row)} if sees_of(row) != saw else {}
    detail: dict[str, Any] = {"name": row.name, "revision": row.revision}
    detail |= {name: value for name, value in changes.items() if value}
    audit.record("role.changed", "role", row.key, fields=fields, detail=detail)
    return row


@transaction.atomic
def delete_role(row: CustomRole, *, by: object, move_to: str = "") -> int:
    """Take it away; whoever has it works as `move_to` from then on. How many people were moved.

    Raises CannotChangeRole.
    """
    row = CustomRole.objects.select_for_update().get(pk=row.pk)
    _refuse_above(row, by)
    holders = holders_of(row.key)
    if holders.keys:
        words = _("An API key sees people as this role does: revoke it first (%(names)s).")
        raise CannotChangeRole(words % {"names": ", ".join(holders.keys)})
    if holders.is_any and not move_to:
        raise CannotChangeRole(_("Somebody has this role: say which they get."), "move_to")
    moved = _move(row, by, move_to) if holders.is_any else 0
    detail = {"name": row.name} | ({"moved_to": move_to, "members": moved} if moved else {})
    audit.record("role.deleted", "role", row.key, detail=detail)
    row.delete()
    forget_roles()
    return moved


def rights_in(row: CustomRole) -> Rights:
    """What whoever has it may do, and sees."""
    permissions = frozenset(row.permissions) & PERMISSIONS.keys()
    return Rights(permissions, WHOLE if SEES_ALL in permissions else sight_in(row))


def sees_of(row: CustomRole) -> list[str]:
    """What it sees of data in short, as "email: hidden"; for the trail."""
    said = rights_in(row).sight
    if said.is_whole:
        return ["everything"]
    levels = said.as_json()
    return [f"{name}: {word}" for part in levels.values() for name, word in part.items()]


def _move(row: CustomRole, by: object, move_to: str) -> int:
    is_known = move_to in ROLES or CustomRole.objects.filter(key=move_to).exists()
    if move_to == row.key or not is_known:
        raise CannotChangeRole(_("There is no such role."), "move_to")
    if not may_give(by, move_to):
        raise CannotChangeRole(_("This role may do more than yours."), "move_to")
    return move_holders(row.key, move_to)


def _refuse_above(row: CustomRole, by: object) -> None:
    if not rights_of(by).cover(rights_in(row)):
        raise CannotChangeRole(_("This role may do more than yours: an admin can change it."))


def _fill(row: CustomRole, draft: RoleDraft, by: object) -> None:
    """Check all of it, and save. Raises CannotChangeRole."""
    row.name, row.description = draft.name.strip(), draft.description.strip()
    _check_name(row)
    row.permissions = _permissions(draft.permissions)
    row.sight = _sight(row, draft).as_json()
    _check_rights(rights_in(row), rights_of(by))
    row.revision += 1
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:  # somebody took the name meanwhile
        raise CannotChangeRole(_("Another role has this name."), "name") from error
    forget_roles()


def _check_name(row: CustomRole) -> None:
    if not row.name or len(row.name) > CustomRole._meta.get_field("name").max_length:  # type: ignore[operator]
        raise CannotChangeRole(_("Give it a name of at most 60 characters."), "name")
    if len(row.description) > CustomRole._meta.get_field("description").max_length:  # type: ignore[operator]
        raise CannotChangeRole(_("At most 300 characters."), "description")
    others = CustomRole.objects.exclude(pk=row.pk).filter(name__iexact=row.name)
    built_in = {in_words(role).casefold() for role in ROLES}
    if row.name.casefold() in built_in or others.exists():
        raise CannotChangeRole(_("Another role has this name."), "name")


def _permissions(given: Collection[str]) -> list[str]:
    unknown = sorted(set(given) - PERMISSIONS.keys())
    if unknown:
        words = _("There is no such permission: %(names)s.") % {"names": ", ".join(unknown)}
        raise CannotChangeRole(words, "permissions")
    if not given:
        raise CannotChangeRole(_("Tick at least one permission."), "permissions")
    for name in given:
        if name in NEEDS and NEEDS[name] not in given:
            words = _("“%(one)s” needs “%(other)s” as well.")
            names = {"one": PERMISSIONS[name], "other": PERMISSIONS[NEEDS[name]]}
            raise CannotChangeRole(words % names, "permissions")
    return [name for name in PERMISSIONS if name in given]


def _sight(row: CustomRole, draft: RoleDraft) -> RoleSight:
    """Kept where there is something to choose: of people, and not of all of them anyway."""
    try:
        given = read(draft.sight)
    except NotASight as error:
        raise CannotChangeRole(str(error), f"sight.{error.path}") from error
    return MASKED if SEES_ALL in row.permissions else given


def _check_rights(wanted: Rights, own: Rights) -> None:
    if beyond := wanted.permissions - own.permissions:
        names = ", ".join(str(PERMISSIONS[name]) for name in PERMISSIONS if name in beyond)
        words = _("You may not do this yourself, so you cannot give it: %(names)s.")
        raise CannotChangeRole(words % {"names": names}, "permissions")
    if not own.sight.covers(wanted.sight):
        words = _("It would see more of people than you do yourself.")
        raise CannotChangeRole(words, "sight")


def _free_key(name: str) -> str:
    """A key for a name, that no role has."""
    base = slugify(name)[:LONGEST_KEY].strip("-") or "role"
    key = base
    while key in ROLES or CustomRole.objects.filter(key=key).exists():
        key = f"{base}-{secrets.token_hex(2)}"
    return key
