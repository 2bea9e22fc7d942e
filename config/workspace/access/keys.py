"""API keys: made, shown once, revoked."""

import secrets

from django.db import transaction
from django.utils import timezone

from config.workspace import audit
from config.workspace.digests import key_digest
from config.workspace.models import ApiKey
from config.workspace.permissions import ALL_SCOPES, PERMISSIONS

HINT_LENGTH = 8


class UnknownScope(ValueError):
    """A scope that names no permission, group of permissions or `all`."""


def known_scopes() -> list[str]:
    """`all`, each group and each permission."""
    groups = dict.fromkeys(name.partition(".")[0] for name in PERMISSIONS)
    return [ALL_SCOPES, *groups, *PERMISSIONS]


@transaction.atomic
def create_api_key(*, name: str, scopes: list[str]) -> tuple[ApiKey, str]:
    """The key's record and the key itself, which is not kept. Raises UnknownScope."""
    unknown = sorted(set(scopes) - set(known_scopes()))
    if unknown or not scopes:
        what = ", ".join(unknown) or "none given"
        raise UnknownScope(f"unknown scope: {what}; known: {', '.join(known_scopes())}")
    value = f"rk_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        name=name, scopes=scopes, hint=value[:HINT_LENGTH], digest=key_digest(value)
    )
    audit.record("api_key.created", "api_key", str(key.pk), detail={"scopes": scopes})
    return key, value


@transaction.atomic
def revoke_api_key(*, key: ApiKey) -> None:
    """From now on the key is refused."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())
    audit.record("api_key.revoked", "api_key", str(key.pk))
