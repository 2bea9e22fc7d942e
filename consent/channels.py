"""Channels: what is known of each, whoever sends over it. What sends is in `campaigns/channels`.

Everybody reads a channel's facts here: reach and the gate, chips and tables, rules, the API.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config.workspace.registry import Registry
from consent.models.ledger import Suppression


class LegalClass(StrEnum):
    """What a message on a channel is before the law: the rules that a country has are about these.

    Source: Directive 2002/58/EC art. 13 (electronic mail is any text that is kept until it is
    fetched, so texts and notifications too; calls are a paragraph of their own).
    """

    ELECTRONIC_MAIL = "electronic_mail"
    CALL = "call"
    OWN_SERVICE = "own_service"  # seen by who uses our own service, sent to nobody's device
    SYSTEM = "system"  # goes to a system of ours and not to the person


@dataclass(frozen=True)
class ChannelFacts:
    """One way to reach somebody.

    `contact_kind` is the kind of identifier that is an address on it, "" where none is needed.
    `silences` is how far an opt-out that comes by the channel itself reaches: marketing alone, or
    everything to that address (a STOP). `is_usual`: shown for everybody,
    whether anything is known of it or not.
    """

    name: str
    label: str | Promise
    icon: str
    contact_kind: str
    legal_class: LegalClass
    silences: Suppression.Level = Suppression.Level.MARKETING
    is_usual: bool = False


CHANNELS: Registry[ChannelFacts] = Registry("channels")


def add_channel(channel: ChannelFacts) -> None:
    """Make it known."""
    CHANNELS.register(channel.name)(channel)


def channel_names() -> list[str]:
    """All of them, in their order."""
    return CHANNELS.names()


def usual_channels() -> list[str]:
    """Those that are shown for everybody."""
    return [name for name, channel in CHANNELS if channel.is_usual]


def addressed_channels() -> list[str]:
    """Those that need an address."""
    return [name for name, channel in CHANNELS if channel.contact_kind]


def needs_address(name: str) -> bool:
    """Whether somebody without an address cannot be reached on it; so it is of unknown ones."""
    channel = CHANNELS.get(name)
    return channel is None or bool(channel.contact_kind)


def contact_kind(name: str) -> str:
    """The kind of identifier that is an address on this channel, "" where there is none."""
    channel = CHANNELS.get(name)
    return channel.contact_kind if channel else ""


def legal_class(name: str) -> str:
    """What a message on it is before the law; "" of unknown ones."""
    channel = CHANNELS.get(name)
    return channel.legal_class.value if channel else ""


def label_of(name: str) -> str | Promise:
    """Its name on screens; "" is every channel."""
    if not name:
        return _("All channels")
    channel = CHANNELS.get(name)
    return channel.label if channel else name


def icon_of(name: str) -> str:
    """Its sign on screens."""
    channel = CHANNELS.get(name)
    return channel.icon if channel else "send"


def ways_to(kind: str, names: Iterable[str] | None = None) -> list[str]:
    """The channels (of `names`) on which an identifier of this kind is an address."""
    given = channel_names() if names is None else names
    return [name for name in given if kind and contact_kind(name) == kind]


_MAIL = LegalClass.ELECTRONIC_MAIL
_STOP = Suppression.Level.ALL
for _channel in (
    ChannelFacts("email", _("Email"), "mail", "email", _MAIL, is_usual=True),
    ChannelFacts("sms", _("SMS"), "sms", "phone", _MAIL, _STOP, is_usual=True),
    ChannelFacts("whatsapp", _("WhatsApp"), "sms", "phone", _MAIL),
    ChannelFacts("push", _("Push"), "bell", "push_token", _MAIL, is_usual=True),
    ChannelFacts("webpush", _("Web push"), "bell", "push_token", _MAIL),
    ChannelFacts("inapp", _("In-app"), "device", "", LegalClass.OWN_SERVICE),
    ChannelFacts("call", _("Calls"), "phone", "phone", LegalClass.CALL),
    ChannelFacts("webhook", _("Webhook"), "link", "", LegalClass.SYSTEM),
):
    add_channel(_channel)
