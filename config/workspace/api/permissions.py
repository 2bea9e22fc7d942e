"""Each API view names the permission that each of its methods needs."""

from typing import Any

from rest_framework import exceptions
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from config.workspace.freshness import NotShownLately
from config.workspace.permissions import ask_before_change, may
from config.workspace.roles.callers import KeyUser

SHOW_AGAIN = (
    "This matters, and it was a while ago that you showed who you are. Do it once more at "
    "/console/security/again/, then call again; an API key is not asked."
)


def request_may(request: Request, permission: str) -> bool:
    """Whether the caller, key or user, has the permission."""
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
        is_granted = request_may(request, needed)
        if is_granted and not isinstance(request.user, KeyUser):
            _refuse_old_session(request, needed)
        return is_granted


def _refuse_old_session(request: Request, permission: str) -> None:
    """A session of the console changes here no more than there. Raises PermissionDenied."""
    try:
        ask_before_change(request._request, permission)
    except NotShownLately as error:
        raise exceptions.PermissionDenied(SHOW_AGAIN) from error
