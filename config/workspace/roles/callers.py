"""Who calls the API when it is no user: a key, standing where DRF wants a user."""

from django.utils import timezone

from config.workspace.models import ApiKey


class KeyUser:
    """Stands for an API key."""

    is_authenticated = True
    is_active = True
    pk = None

    def __init__(self, key: ApiKey) -> None:
        self.key = key


def is_in_force(key: ApiKey) -> bool:
    """Neither revoked nor out of time."""
    is_over = key.expires_at is not None and key.expires_at <= timezone.now()
    return key.revoked_at is None and not is_over
