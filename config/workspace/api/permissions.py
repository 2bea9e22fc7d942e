"""Each API view names the permission that each of its methods needs."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from config.workspace.api.authentication import KeyUser
from config.workspace.permissions import may, scopes_grant


def request_may(request: Request, permission: str) -> bool:
    """Whether the caller, key or user, has the permission."""
    if isinstance(request.user, KeyUser):
        return scopes_grant(request.user.key.scopes, permission)
    return may(request.user, permission)


class HasScope(BasePermission):
    """`view.required[method]`; a method without an entry is refused."""

    message = "This key or role does not grant what this call needs."

    def has_permission(self, request: Request, view: Any) -> bool:
        """Ask for the permission of this method."""
        method = "GET" if request.method in ("HEAD", "OPTIONS") else request.method
        needed = getattr(view, "required", {}).get(method)
        if needed is None:
            # an undeclared method answers 405 by itself
            return bool(getattr(request.user, "is_authenticated", False))
        return request_may(request, needed)
