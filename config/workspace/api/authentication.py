"""Who calls: an API key as Bearer, or the console's session."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from config.workspace.access.guessing import seconds_to_wait_after_wrong
from config.workspace.digests import key_digest
from config.workspace.models import ApiKey, User
from config.workspace.roles.callers import KeyUser

LAST_USED_EVERY = timedelta(minutes=1)


def key_of(header: str) -> ApiKey | None:
    """The key that this `Authorization` header holds, unless it is revoked or its time is over.

    Its value before the last renewal works as long as was chosen then. One query.
    """
    if not _is_bearer(header):
        return None
    digest, now = key_digest(header.partition(" ")[2].strip()), timezone.now()
    own = Q(digest=digest) | Q(previous_digest=digest, previous_until__gt=now)
    in_time = Q(expires_at=None) | Q(expires_at__gt=now)
    return ApiKey.objects.filter(own, in_time, revoked_at=None).first()


def _is_bearer(header: str) -> bool:
    return header.partition(" ")[0].lower() == "bearer"


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer KEY`."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """The key's stand-in, or None where no Bearer is given. Raises AuthenticationFailed."""
        header = request.headers.get("Authorization", "")
        if not _is_bearer(header):
            return None
        key = key_of(header)
        if key is None:
            if wait := seconds_to_wait_after_wrong(request._request):
                raise exceptions.Throttled(wait, "Too many unknown keys from your address.")
            raise exceptions.AuthenticationFailed("This API key is unknown, revoked or expired.")
        now = timezone.now()
        if key.last_used_at is None or now - key.last_used_at > LAST_USED_EVERY:
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return KeyUser(key), key

    def authenticate_header(self, request: Request) -> str:
        """So that a missing key is 401, not 403."""
        return 'Bearer realm="api"'


class ConsoleSessionAuthentication(authentication.SessionAuthentication):
    """The console's own log-in; CSRF is asked for as usual."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """The user of the session, if any."""
        found = super().authenticate(request)
        return found if found and isinstance(found[0], User) else None


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI schema names it."""

    target_class = "config.workspace.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """HTTP bearer."""
        return {"type": "http", "scheme": "bearer"}


class ConsoleSessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The session cookie."""

    target_class = "config.workspace.api.authentication.ConsoleSessionAuthentication"
    name = "consoleSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A cookie."""
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
