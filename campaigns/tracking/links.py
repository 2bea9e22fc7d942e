"""Where a tracked link leads: only to the links of that content version, so no open redirect."""

from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone

from campaigns.content import liquid
from campaigns.content.context import NoLinks, State
from campaigns.content.errors import Abort, ContentError
from campaigns.content.render import tagged
from campaigns.models import ContentVersion, Message
from campaigns.services.contents import person_data, sender_data
from campaigns.tracking.recording import Sent


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


def target_of(sent: Sent, index: int) -> str | None:
    """The address of link `index` for this person, or None where there is no such link."""
    if sent.content_version_id is None:
        return None
    links, campaign = _links(sent.content_version_id)
    if not 0 <= index < len(links):
        return None
    url = links[index]
    if "{{" in url or "{%" in url:
        url = _rendered(sent, url)
    if urlsplit(url).scheme not in ("http", "https"):
        return None
    return tagged(url, campaign)


def _rendered(sent: Sent, url: str) -> str:
    """A link that the marketer wrote with Liquid, with the person's data of today."""
    data: dict[str, Any] = person_data([sent.profile_id]).get(sent.profile_id, {})
    own = Message.objects.filter(profile_id=sent.profile_id, id=sent.message_id)
    values = {**sender_data(None), **data, **(own.values_list("data", flat=True).first() or {})}
    state = State(timezone.now(), {}, NoLinks())
    try:
        return liquid.run(liquid.parse(url, escape=False), values, state).strip()
    except (ContentError, Abort, ValueError):
        return ""
