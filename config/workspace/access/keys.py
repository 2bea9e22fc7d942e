"""API keys: made, shown once, revoked."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from config.workspace import audit
from config.workspace.digests import key_digest
from config.workspace.models import ApiKey, User
from config.workspace.permissions import ALL_SCOPES, PERMISSIONS, rights_of, rights_of_scopes
from config.workspace.roles.custom import made_roles

HINT_LENGTH = 8
SYSTEM = object()  # of whoever has the machine nothing is asked


class UnknownScope(ValueError):
    """A scope that names no permission, group of permissions or `all`."""


class ScopeAbove(ValueError):
    """Whoever sees a key may do all that it may: nobody makes one that may more than they."""


def known_scopes() -> list[str]:
    """`all`, each group and each permission."""
    groups = dict.fromkeys(name.partition(".")[0] for name in PERMISSIONS)
    return [ALL_SCOPES, *groups, *PERMISSIONS]


@transaction.atomic
def create_api_key(
    *,
    name: str,
    scopes: list[str],
    expires_at: datetime | None = None,
    sight_role: str = "",
    by: object = SYSTEM,
) -> tuple[ApiKey, str]:
    """The key's record and the key itself, which is not kept. Raises UnknownScope, ScopeAbove.

    `sight_role`: a role that an admin made; the key sees people as it does.
    """
    unknown = sorted(set(scopes) - set(known_scopes()))
    if unknown or not scopes:
        what = ", ".join(unknown) or "none given"
        raise UnknownScope(f"unknown scope: {what}; known: {', '.join(known_scopes())}")
    if sight_role and sight_role not in made_roles():
        raise UnknownScope(f"unknown role: {sight_role}")
    refuse_above(scopes, sight_role, by)
    value = _new_value()
    key = ApiKey.objects.create(
        name=name,
        scopes=scopes,
        sight_role=sight_role,
        created_by=by if isinstance(by, User) else None,
        hint=value[:HINT_LENGTH],
        digest=key_digest(value),
        expires_at=expires_at,
    )
    audit.record("api_key.created", "api_key", str(key.pk), detail={"scopes": scopes})
    return key, value


def refuse_above(scopes: list[str], sight_role: str, by: object) -> None:
    """Raise ScopeAbove where a key with these would do or see more than whoever makes it."""
    if by is not SYSTEM and not rights_of(by).cover(rights_of_scopes(scopes, sight_role)):
        raise ScopeAbove(_("This key would do more than you may yourself."))


@transaction.atomic
def rotate_api_key(*, key: ApiKey, keep: timedelta, by: object = SYSTEM) -> str:
    """A new value for the key, which is not kept; the one before works for `keep` from now.

    An expiry moves on by as long as the key was made for. Raises ScopeAbove; ValueError for a
    revoked one.
    """
    refuse_above(key.scopes, key.sight_role, by)
    key = ApiKey.objects.select_for_update().get(pk=key.pk)
    if key.revoked_at is not None:
        raise ValueError("a revoked key is not renewed")
    now, value = timezone.now(), _new_value()
    if key.expires_at is not None:
        key.expires_at = now + (key.expires_at - (key.rotated_at or key.created_at))
    key.previous_digest = key.digest if keep else None
    key.previous_until = now + keep if keep else None
    key.digest, key.hint, key.rotated_at = key_digest(value), value[:HINT_LENGTH], now
    key.save()
    hours = round(keep.total_seconds() / 3600)
    audit.record("api_key.rotated", "api_key", str(key.pk), detail={"hours": hours})
    return value


def expiring(within: timedelta) -> list[ApiKey]:
    """Keys whose time is over soon or was over lately, those that go first."""
    now = timezone.now()
    rows = ApiKey.objects.filter(
        revoked_at=None, expires_at__gt=now - within, expires_at__lt=now + within
    )
    return list(rows.order_by("expires_at"))


def _new_value() -> str:
    return f"rk_{secrets.token_urlsafe(32)}"


@transaction.atomic
def revoke_api_key(*, key: ApiKey) -> None:
    """From now on the key is refused."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())
    audit.record("api_key.revoked", "api_key", str(key.pk))
