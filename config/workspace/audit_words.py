"""What the audit trail says of log-ins and passwords, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _


def in_words(action: str, detail: Mapping[str, Any]) -> str:
    """A sentence; an action that has none is said by its name."""
    if action == "sign_in.succeeded" and detail.get("new_address"):
        return _("Signed in, from an address not seen before")
    if action == "sign_in.locked_out" and detail.get("by") == "address":
        return _("Log-ins from this address stopped for a while: too many failed")
    return _WORDS().get(action, action)


def _WORDS() -> dict[str, str]:  # noqa: N802 - in the reader's language
    return {
        "sign_in.succeeded": _("Signed in"),
        "sign_in.failed": _("A log-in failed: wrong name or password"),
        "sign_in.locked_out": _("Log-ins of this name stopped for a while: too many failed"),
        "sign_out": _("Signed out"),
        "sessions.ended": _("All sessions of a user were ended"),
        "password.changed": _("The password was changed"),
    }
