"""What happened to one message, in order."""

from datetime import datetime
from typing import Any

from campaigns.models import Message

TIMES = (
    ("queued", "queued_at"),
    ("sent", "sent_at"),
    ("bounced", "bounced_at"),
    ("machine_opened", "machine_opened_at"),
    ("opened", "opened_at"),
    ("machine_clicked", "machine_clicked_at"),
    ("clicked", "clicked_at"),
    ("unsubscribed", "unsubscribed_at"),
    ("complained", "complained_at"),
    ("converted", "converted_at"),
)


def message_events(message: Message) -> list[dict[str, Any]]:
    """`[{"name", "at"}]`, oldest first; from the row alone."""
    found: list[tuple[datetime, str]] = []
    for name, column in TIMES:
        at = getattr(message, column)
        if at is not None and not (name == "queued" and message.state == "excluded"):
            found.append((at, name))
    return [{"name": name, "at": at} for at, name in sorted(found, key=lambda pair: pair[0])]
