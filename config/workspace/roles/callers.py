"""Who asks: a member of the team, or a key of the API, which stands where DRF wants a user."""

from typing import Any

from django.utils import timezone

from config.workspace.models import ApiKey, User


class KeyUser:
    """Stands for an API key."""

    is_authenticated = True
    is_active = True
    pk = None

    def __init__(self, key: ApiKey) -> None:
        self.key = key


def member_of(request: Any) -> User | None:
    """The member of the team who asks, on a page or over the API; None for a key and a stranger."""
    return request.user if isinstance(request.user, User) else None


def is_in_force(key: ApiKey) -> bool:
    """Neither revoked nor out of time."""
    is_over = key.expires_at is not None and key.expires_at <= timezone.now()
    return key.revoked_at is None and not is_over
