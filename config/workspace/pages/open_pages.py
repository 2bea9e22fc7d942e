"""Where a link leads for one user: what their role does not open is not offered to them.

The answer is read off the view itself (`requires`, Django's own permissions of a list or form), so
that a link and the page behind it never differ.
"""

from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from config.workspace.permissions import asked_of, may, roles_with

# what the admin's pages ask for, by the end of their name
_OF_ADMIN = {
    "changelist": "view",
    "change": "view",
    "history": "view",
    "add": "add",
    "delete": "delete",
}


@lru_cache(4_096)
def _asked(path: str, method: str) -> tuple[str, ...]:
    """Permissions by name, ours or Django's; () where nothing is asked, or nothing is there."""
    try:
        match = resolve(path)
    except Resolver404:
        return ()
    admin = getattr(match.func, "model_admin", None)
    if admin is None:
        return asked_of(match.func, method)
    opts = admin.opts
    verb = _OF_ADMIN.get((match.url_name or "").rpartition("_")[2], "view")
    if method == "POST" and verb == "view":
        verb = "change"
    return (f"{opts.app_label}.{verb}_{opts.model_name}",)


def is_open(user: Any, url: str, method: str = "GET") -> bool:
    """Whether the page (or, for POST, the act) at this address of ours is this user's to open."""
    parts = urlsplit(url)
    if parts.netloc or not parts.path.startswith("/"):
        return True
    return all(user.has_perm(name) for name in _asked(parts.path, method))


def open_to(user: Any, url: str | None) -> str:
    """The address, or "" where the user's role does not open it: what is written stays without."""
    return url if url and is_open(user, url) else ""


def who_may(user: Any, permission: str) -> str:
    """Whom to ask, for somebody whose role does not include the permission; "" for who may."""
    if may(user, permission):
        return ""
    return _("Your role does not do this; these do: %(roles)s.") % {
        "roles": ", ".join(roles_with(permission))
    }
