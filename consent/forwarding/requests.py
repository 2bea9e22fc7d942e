"""What webhooks are told of privacy requests. Whom one is about is asked for by its id."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from config.workspace.outgoing.kinds import KINDS, EventKind
from config.workspace.outgoing.notices import tell
from config.workspace.zones import stamp
from consent.models import PrivacyRequest

OPENED: Final = "privacy_request.opened"
COMPLETED: Final = "privacy_request.completed"
CANCELLED: Final = "privacy_request.cancelled"
PRIVACY: Final = _("Privacy")
_OF_STEP: Final = {"completed": COMPLETED, "cancelled": CANCELLED}


def opened(request: PrivacyRequest) -> None:
    """It came in."""
    tell(OPENED, [(_data(request), [])])


def follow(request: PrivacyRequest, step: str) -> None:
    """It was answered, or closed undone."""
    if step in _OF_STEP:
        tell(_OF_STEP[step], [(_data(request), [])])


def _data(request: PrivacyRequest) -> dict[str, Any]:
    return {
        "request": str(request.public_id),
        "type": request.type,
        "regulation": request.regulation,
        "status": request.status,
        "received_at": stamp(request.received_at),
        "due_at": stamp(request.due_at),
    }


_EXAMPLE: Final = {
    "request": "b7a1f4a2-6a53-4f1e-a6a0-6a2c8b0a9d33",
    "type": "access",
    "regulation": "gdpr",
    "status": "pending",
    "received_at": "2026-11-27T09:30:00Z",
    "due_at": "2026-12-28T09:30:00Z",
}
for _n, (_name, _title, _text, _status) in enumerate(
    (
        (OPENED, _("Request opened"), _("Somebody asks for something of their data."), "pending"),
        (COMPLETED, _("Request completed"), _("A privacy request was answered."), "completed"),
        (
            CANCELLED,
            _("Request cancelled"),
            _("A privacy request was closed, and nothing was done."),
            "cancelled",
        ),
    )
):
    KINDS.register(_name, order=31 + _n)(
        EventKind(PRIVACY, _title, _text, {**_EXAMPLE, "status": _status})
    )
