"""Webhooks in words: how one fares, what came of a call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.console.words import in_words, lasting
from config.workspace.models import Webhook, WebhookDelivery
from config.workspace.outgoing.kinds import KINDS
from config.workspace.outgoing.replaying import state_of
from config.workspace.outgoing.words import error_in_words
from profiles.selectors.masking import Shown

STATES: dict[str, tuple[Any, str, str]] = {
    "waiting": (gettext_lazy("waits"), "", "clock"),
    "delivered": (gettext_lazy("taken"), "ok", "okc"),
    "failed": (gettext_lazy("given up"), "bad", "alert"),
    "withheld": (gettext_lazy("not told"), "", "ban"),
}


@dataclass(frozen=True)
class EventLine:
    """A kind of event as a webhook has it."""

    name: str
    title: str


def events_of(webhook: Webhook) -> list[EventLine]:
    """What it is told of; one that is not there any more by its name."""
    found = ((name, KINDS.get(name)) for name in webhook.events)
    return [EventLine(name, str(kind.title) if kind else name) for name, kind in found]


def health_in_words(webhook: Webhook) -> str:
    """One sentence on how it fares."""
    if not webhook.enabled:
        when = in_words(webhook.off_at) if webhook.off_at else ""
        return _("Switched off %(when)s: %(why)s.") % {
            "when": when,
            "why": webhook.get_off_because_display(),
        }
    if webhook.failing_since:
        seconds = (timezone.now() - webhook.failing_since).total_seconds()
        return _("It has taken nothing for %(span)s; calls are tried again.") % {
            "span": lasting(seconds)
        }
    if webhook.last_taken_at:
        return _("The last call was taken %(when)s.") % {"when": in_words(webhook.last_taken_at)}
    return _("Nothing was sent yet.")


def look(webhook: Webhook) -> tuple[Any, str, str]:
    """A chip: words, tone, icon."""
    return {
        "off": (_("off"), "", "pause"),
        "failing": (_("failing"), "bad", "alert"),
        "healthy": (_("works"), "ok", "okc") if webhook.last_taken_at else (_("new"), "", "plug"),
    }[webhook.state]


@dataclass(frozen=True)
class DeliveryLine:
    """A line of the log."""

    row: WebhookDelivery
    title: str
    look: tuple[Any, str, str]
    said: str
    answer: str
    tries: Sequence[dict[str, Any]]


def call_line(row: WebhookDelivery, shown: Shown) -> DeliveryLine:
    """One delivery for the log."""
    kind = KINDS.get(row.event)
    tries = [
        {
            **one,
            "at_time": datetime.fromisoformat(one["at"]),
            "said": error_in_words(one["error"]),
        }
        for one in reversed(row.tries)
    ]
    return DeliveryLine(
        row,
        str(kind.title) if kind else row.event,
        STATES[state_of(row)],
        error_in_words(row.last_error),
        shown.said(row.answer),
        tries,
    )
