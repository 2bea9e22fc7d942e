"""A mail of the installation's own as bytes: plain text, and the same with a button."""

import uuid
from collections.abc import Iterable
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info

from campaigns.channels.email.wire import WireMail, with_crlf
from campaigns.content.addresses import wire_address, wire_domain
from campaigns.content.message import build_email
from campaigns.content.render import Rendered
from campaigns.models import Sender
from config.workspace.mails.outgoing import ServiceMail

_PAGE: Final = """<!doctype html>
<html lang="{}" dir="{}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{}</title></head>
<body style="margin:0;padding:24px 16px;background:#f7f8f8;color:#171c1e;
font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif">
<div style="max-width:560px;margin:0 auto;padding:24px;background:#fff;border:1px solid #e1e5e6;
border-radius:12px">
{}{}{}
</div>
<p style="max-width:560px;margin:16px auto 0;padding:0 24px;font-size:13px;color:#5f6a70">{}</p>
</body></html>
"""
_BUTTON: Final = """<p style="margin:24px 0"><a href="{}" style="display:inline-block;
padding:12px 20px;border-radius:6px;background:#0f6a88;color:#fff;font-weight:600;
text-decoration:none">{}</a></p>
"""


def write_service_mail(number: int, mail: ServiceMail, sender: Sender) -> WireMail:
    """Raises ContentError for an address that cannot stand in a mail."""
    reference = f"<{uuid.uuid4()}@{wire_domain(sender.address.rpartition('@')[2])}>"
    content = build_email(
        Rendered(mail.subject, _html(mail, sender), _text(mail, sender)),
        sender_name=sender.name,
        sender_address=sender.address,
        to_name="",
        to_address=mail.to,
        message_id=reference,
        reply_to=sender.reply_to,
        headers={"Auto-Submitted": "auto-generated"},
    )
    return WireMail(
        number,
        wire_address(sender.address),
        wire_address(mail.to),
        with_crlf(content),
        reference=reference,
    )


def _text(mail: ServiceMail, sender: Sender) -> str:
    link = [f"{mail.button}:\n{mail.url}"] if mail.url else []
    parts = [*mail.paragraphs, *link, *mail.closing, _from(sender)]
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def _html(mail: ServiceMail, sender: Sender) -> str:
    is_rtl = get_language_info(mail.language.partition("-")[0])["bidi"]
    button = format_html(_BUTTON, mail.url, mail.button) if mail.url else ""
    return format_html(
        _PAGE,
        mail.language,
        "rtl" if is_rtl else "ltr",
        mail.subject,
        _paragraphs(mail.paragraphs, "margin:0 0 16px"),
        button,
        _paragraphs(mail.closing, "margin:0 0 8px;font-size:14px;color:#5f6a70"),
        _from(sender),
    )


def _paragraphs(texts: Iterable[str], style: str) -> SafeString:
    rows = ((style, _with_breaks(text)) for text in texts if text.strip())
    return format_html_join("\n", '<p style="{}">{}</p>', rows)


_BREAK: Final = SafeString("<br>\n")


def _with_breaks(text: str) -> SafeString:
    return format_html_join(_BREAK, "{}", ((line,) for line in text.strip().splitlines()))


def _from(sender: Sender) -> str:
    """Name and postal address, once each."""
    if not sender.postal_address or sender.name in sender.postal_address:
        return sender.postal_address or sender.name
    return f"{sender.name}, {sender.postal_address}"
