"""The roles that an admin made, as they stand at this request."""

from collections.abc import Mapping
from dataclasses import dataclass

from config.workspace.models import CustomRole
from config.workspace.roles.sight import MASKED, NotASight, RoleSight, read
from config.workspace.work.once import OnceARequest


@dataclass(frozen=True)
class MadeRole:
    """One of them."""

    key: str
    name: str
    permissions: frozenset[str]
    sight: RoleSight


def _read() -> Mapping[str, MadeRole]:
    return {row.key: _made(row) for row in CustomRole.objects.order_by("name", "pk")}


_roles: OnceARequest[Mapping[str, MadeRole]] = OnceARequest(_read)


def made_roles() -> Mapping[str, MadeRole]:
    """By key, in the order of their names; at most one query a request."""
    return _roles.get()


def forget_roles() -> None:
    """Read them anew next time: one was changed."""
    _roles.forget()


def sight_in(row: CustomRole) -> RoleSight:
    """What it says of data; of what cannot be read all is masked."""
    try:
        return read(row.sight if isinstance(row.sight, dict) else {})
    except NotASight:
        return MASKED


def _made(row: CustomRole) -> MadeRole:
    return MadeRole(row.key, row.name, frozenset(row.permissions), sight_in(row))
