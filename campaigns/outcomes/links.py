"""Where a tracked link leads: only to the links of that content version, so no open redirect."""

import html
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from campaigns.composition.contents import person_data, sender_data
from campaigns.content.errors import Abort, ContentError
from campaigns.content.render import tagged
from campaigns.content.sandbox.calls import render_template
from campaigns.models import ContentVersion, Message
from campaigns.models.message import GIVEN, OWN_LINKS
from campaigns.outcomes.recording import NamedMessage


@lru_cache(maxsize=256)
def _links(content_version_id: int) -> tuple[list[str], str]:
    """The links of a content version, and the slug of its campaign; they never change."""
    row = (
        ContentVersion.objects.filter(pk=content_version_id)
        .select_related("version__campaign")
        .first()
    )
    if row is None:
        return [], ""
    return list(row.compiled.get("links", [])), row.version.campaign.slug if row.version else ""


def target_of(sent: NamedMessage, index: int) -> str | None:
    """The address of link `index` of this very mail, or None where there is no such link.

    What was sent is what a click leads to: an address written with Liquid was kept when the mail
    was handed over, the others are the content's, which never changes.
    """
    if sent.content_version_id is None:
        return None
    links, campaign = _links(sent.content_version_id)
    written = links[index] if 0 <= index < len(links) else None
    if written is None or "{{" in written or "{%" in written:
        url = _own(sent, index, written, campaign)
    else:
        url = tagged(written, campaign)
    return url if _is_web(url) else None


def _is_web(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False


def _own(sent: NamedMessage, index: int, written: str | None, campaign: str) -> str:
    rows = Message.objects.filter(profile_id=sent.profile_id, id=sent.message_id)
    data: dict[str, Any] = rows.values_list("data", flat=True).first() or {}
    if OWN_LINKS in data:
        return next((url for number, _place, url in data[OWN_LINKS] if number == index), "")
    # handed over before addresses were kept
    return tagged(_rendered(sent, written, data), campaign) if written else ""


def _rendered(sent: NamedMessage, url: str, own: dict[str, Any]) -> str:
    """A link that the marketer wrote with Liquid, with the person's data of today."""
    person = sent.person_id
    data: dict[str, Any] = person_data([person]).get(person, {})
    values = {**sender_data(None), **data, **own.get(GIVEN, own)}
    try:
        text, _missing = render_template(url, values)
    except (ContentError, Abort, ValueError):
        return ""
    return html.unescape(text).strip()
