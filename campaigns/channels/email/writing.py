"""From letters to finished mails: written in a child process, all of a batch at once."""

from collections.abc import Sequence
from typing import Any

import django.db
from django.conf import settings

from campaigns.channels.base import Letter, Letterhead
from campaigns.channels.email.wire import WireMail, with_crlf
from campaigns.content.addresses import wire_domain
from campaigns.content.sandbox import calls
from campaigns.models import Sender
from config.workspace.access import tokens


def write_mails(letters: Sequence[Letter], head: Letterhead) -> list[WireMail | Exception]:
    """Render and build in a child process, all at once; in the order of `letters`.

    For a mail that there is none of: ContentError, Abort, `calls.NotTried`, or whatever error of
    ours it was. Raises `calls.Unavailable`, LookupError without a sender, and errors of the
    database.
    """
    orders: list[list[Any]] = []
    refused: dict[int, Exception] = {}
    shared = headers_of(head)
    for place, letter in enumerate(letters):
        try:
            orders.append(order_of(letter, head))
        except django.db.Error:  # says nothing of this mail
            raise
        except Exception as error:
            refused[place] = error
    written = iter(calls.write_mails(head.content, head.fixed, shared, orders))
    return [
        refused[place] if place in refused else _mail(letter, head, next(written))
        for place, letter in enumerate(letters)
    ]


def _mail(
    letter: Letter, head: Letterhead, written: calls.WrittenMail | Exception
) -> WireMail | Exception:
    if isinstance(written, Exception):
        return written
    return WireMail(
        letter.message_id,
        written.sender,
        written.recipient,
        with_crlf(written.content),
        [(number, place, url) for number, place, url in written.links],
        message_id(letter, sender_of(head)),
    )


def sender_of(head: Letterhead) -> Sender:
    """Who a mail is from. Raises LookupError where there is nobody."""
    if head.sender is None:
        raise LookupError("no sender")
    return head.sender


def headers_of(head: Letterhead) -> dict[str, Any]:
    """What all mails of one content say in their headers: keywords of `build_email`."""
    sender = sender_of(head)
    return {
        "sender_name": sender.name,
        "sender_address": sender.address,
        "reply_to": sender.reply_to,
        "feedback_id": f"{head.campaign}:rapport" if head.campaign else "",
    }


def order_of(letter: Letter, head: Letterhead) -> list[Any]:
    """What one mail is made of beside that: person, data, addresses, whether measured, its own
    headers. Raises ContentError.
    """
    urls = urls_of(letter, head)
    own = {
        "to_name": letter.name,
        "to_address": letter.address,
        "message_id": message_id(letter, sender_of(head)),
        "list_unsubscribe_url": urls["unsubscribe"] if head.is_marketing else None,
    }
    return [letter.person, letter.data, urls, letter.measuring, own]


def message_id(letter: Letter, sender: Sender) -> str:
    """`<public id@the sender's domain>`. Raises ContentError."""
    return f"<{letter.public_id}@{wire_domain(sender.address.rpartition('@')[2])}>"


def urls_of(letter: Letter, head: Letterhead) -> dict[str, str]:
    """The addresses of one message, keywords of MessageUrls; tokens hold profile and message."""
    base: str = settings.BASE_URL
    numbers = letter.key
    click = open_pixel = ""
    if letter.measuring:
        click = f"{base}/t/c/{tokens.issue('click', *numbers)}/"
        open_pixel = f"{base}/t/o/{tokens.issue('open', *numbers)}.gif"
    leave = tokens.issue("unsubscribe", *numbers)
    preferences = f"{base}/preferences/{tokens.issue('preferences', *numbers)}/"
    return {
        "unsubscribe": f"{base}/u/{leave}/",
        "why": f"{base}/why/{leave}/",
        "preferences": preferences,
        "view": "",
        "open_pixel": open_pixel,
        "click": click,
        "campaign": head.campaign,
    }
