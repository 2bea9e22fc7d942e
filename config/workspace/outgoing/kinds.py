"""What webhooks can be told of: each app signs its kinds of event in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config.workspace.models import WebhookDelivery
from config.workspace.registry import Registry

Words = str | Promise
# of several deliveries at once, what `data` is; None where nobody in it may be told of any more
Compose = Callable[[Sequence[WebhookDelivery]], Sequence[Mapping[str, Any] | None]]
PING: Final = "webhook.ping"


def as_kept(rows: Sequence[WebhookDelivery]) -> Sequence[Mapping[str, Any]]:
    """Of what names nobody."""
    return [row.data for row in rows]


@dataclass(frozen=True)
class EventKind:
    """A kind of event, for programs (`example` is its `data`) and in words.

    `forwarded` says whom of those it is about it tells of (the gate at forwarding); "" where it is
    about nobody. `settled` is called, in the transaction that says so, with deliveries that were
    taken or given up.
    """

    group: Words
    title: Words
    text: Words
    example: Mapping[str, Any]
    compose: Compose = as_kept
    forwarded: Words = ""
    settled: Callable[[Sequence[WebhookDelivery]], None] | None = None


KINDS: Registry[EventKind] = Registry("kinds of events for webhooks")
KINDS.register(PING, order=1000)(
    EventKind(
        _("Webhooks"),
        _("Ping"),
        _("A call to see whether it arrives; made by hand."),
        {"webhook": 1},
    )
)


def choosable() -> list[str]:
    """Those that a webhook can ask for; a ping comes unasked."""
    return [name for name in KINDS.names() if name != PING]


def names_people(events: Sequence[str]) -> bool:
    """Whether one of these hands ids of people on."""
    return any(kind.forwarded for name in events if (kind := KINDS.get(name)))
