"""What entries of the audit trail are about: a name, and where the thing is found.

Each app signs in for the kinds that it owns. People stay without a name here: a look at the trail
is no look at anybody's data.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from config.workspace.lifecycle.usage import ObjectKind, form_of
from config.workspace.models import (
    AccessLink,
    ApiKey,
    AuditEntry,
    CustomRole,
    IdentityProvider,
    User,
    Workspace,
)
from config.workspace.permissions import role_in_words
from config.workspace.registry import Registry
from config.workspace.trail.words import KINDS, kind_in_words


@dataclass(frozen=True)
class Target:
    """A thing by name; `url` is its page, for whoever has `permission`."""

    name: str
    url: str = ""
    permission: str = ""


Finder = Callable[[Sequence[AuditEntry]], Mapping[int, Target]]
# target kind -> function(entries of this kind) -> {id of the entry: what it is about}
TARGETS: Registry[Finder] = Registry("what audit entries are about")


def targets_of(entries: Iterable[AuditEntry]) -> dict[int, Target]:
    """What each is about, by the entry's id; some queries a kind, whatever the number of entries.

    What is not there any more is said by its kind and key; where there is no key, it is left out.
    """
    listed = [entry for entry in entries if entry.target or entry.profile_id]
    found = {entry.pk: gone(entry) for entry in listed}
    for kind, find in TARGETS:
        own = [entry for entry in listed if entry.target_kind == kind]
        found |= find(own) if own else {}
    return found


def gone(entry: AuditEntry) -> Target:
    """Of which only the entry is left."""
    words = {"thing": kind_in_words(entry.target_kind), "key": entry.target}
    return Target(_("%(thing)s %(key)s") % words)


def rows_of(kind: ObjectKind, permission: str, name: Callable[[Any], str] = str) -> Finder:
    """For things that have a row: found by `kind.key`, in one query."""

    def find(entries: Sequence[AuditEntry]) -> Mapping[int, Target]:
        rows = kind.rows({entry.target for entry in entries})
        known = {
            str(getattr(row, kind.key)): Target(name(row), kind.url(row), permission)
            for row in rows
        }
        return {entry.pk: known[entry.target] for entry in entries if entry.target in known}

    return find


def name_of_user(user: User) -> str:
    """A member of the team: the name, and the address where one is known."""
    name = user.get_full_name() or user.get_username()
    return f"{name} ({user.email})" if user.email else name


def _key_url(_key: ApiKey) -> str:
    return reverse("admin:workspace_apikey_changelist")


def _team_url(_link: AccessLink) -> str:
    return reverse("access:team")


def _role_of_link(link: AccessLink) -> str:
    """An invitation goes by its role: an address is no matter of the trail."""
    return f"{KINDS['invitation']} {link.pk} ({role_in_words(link.role)})"


def _workspace_url(_workspace: Workspace) -> str:
    return reverse("admin:workspace_workspace_changelist")


def _role_url(role: CustomRole) -> str:
    return reverse("team:role", args=[role.key])


_USER = ObjectKind(KINDS["user"], User, "pk", form_of)
_INVITATION = ObjectKind(KINDS["invitation"], AccessLink, "pk", _team_url)
_PROVIDER = ObjectKind(KINDS["identityprovider"], IdentityProvider, "pk", form_of)
_API_KEY = ObjectKind(KINDS["api_key"], ApiKey, "pk", _key_url)
_WORKSPACE = ObjectKind(KINDS["workspace"], Workspace, "pk", _workspace_url)
_ROLE = ObjectKind(KINDS["role"], CustomRole, "key", _role_url)
TARGETS.register("role")(rows_of(_ROLE, "team.edit"))
TARGETS.register("user")(rows_of(_USER, "team.edit", name_of_user))
TARGETS.register("invitation")(rows_of(_INVITATION, "team.edit", _role_of_link))
TARGETS.register("identityprovider")(rows_of(_PROVIDER, "team.edit"))
TARGETS.register("api_key")(rows_of(_API_KEY, "team.edit"))
TARGETS.register("workspace")(rows_of(_WORKSPACE, "settings.view"))
