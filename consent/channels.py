"""Channels, and the kind of identifier that a channel's contact point is."""

from typing import Final

from consent.models.purpose import CHANNELS

EMAIL: Final = "email"
# a channel that is not named here reaches a person without an address (in-app, webhook)
CONTACT_KINDS: Final[dict[str, str]] = {
    "email": "email",
    "sms": "phone",
    "whatsapp": "phone",
    "call": "phone",
    "push": "push_token",
    "webpush": "push_token",
}
ADDRESSED: Final = tuple(channel for channel in CHANNELS if channel in CONTACT_KINDS)


def contact_kind(channel: str) -> str:
    """The kind of identifier that is an address on this channel, "" where there is none."""
    return CONTACT_KINDS.get(channel, "")
