"""The roles that an admin made, as they stand at this request.

They are read once a request, by whoever asks first: what changes acts on the very next request, of
every process. Outside a request they are read each time.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.signals import request_finished, request_started

from config.workspace.models import CustomRole
from config.workspace.roles.sight import MASKED, NotASight, RoleSight, read


@dataclass(frozen=True)
class MadeRole:
    """One of them."""

    key: str
    name: str
    permissions: frozenset[str]
    sight: RoleSight


class _OfRequest(threading.local):
    is_in = False
    roles: Mapping[str, MadeRole] | None = None


_kept = _OfRequest()


def made_roles() -> Mapping[str, MadeRole]:
    """By key, in the order of their names; at most one query a request."""
    if _kept.roles is not None:
        return _kept.roles
    rows = CustomRole.objects.order_by("name", "pk")
    found = {row.key: _made(row) for row in rows}
    if _kept.is_in:
        _kept.roles = found
    return found


def forget_roles() -> None:
    """Read them anew next time: one was changed."""
    _kept.roles = None


def sight_in(row: CustomRole) -> RoleSight:
    """What it says of data; of what cannot be read all is masked."""
    try:
        return read(row.sight if isinstance(row.sight, dict) else {})
    except NotASight:
        return MASKED


def _made(row: CustomRole) -> MadeRole:
    return MadeRole(row.key, row.name, frozenset(row.permissions), sight_in(row))


def _begin(**_signal: Any) -> None:
    _kept.is_in, _kept.roles = True, None


def _end(**_signal: Any) -> None:
    _kept.is_in, _kept.roles = False, None


request_started.connect(_begin, dispatch_uid="roles of a request begin")
request_finished.connect(_end, dispatch_uid="roles of a request end")
