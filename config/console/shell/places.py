"""Where the console's pages are, for links that several screens share; "" where there is none."""

from typing import Any
from urllib.parse import urlencode

from config.console.shell.theme import resolve


def people(**filters: Any) -> str:
    """The people list, filtered: `new_since=2026-11-20` is those first seen since that day."""
    return _filtered(resolve(["profiles:people", "people"]), filters)


def person(public_id: Any) -> str:
    """A customer page."""
    return resolve(["profiles:person", "profiles:customer", "person"], public_id)


def live(**filters: Any) -> str:
    """Live events: `status=refused`, `source=3`."""
    return _filtered(resolve(["profiles:live", "live_events"]), filters)


def source(pk: int) -> str:
    """A source's form."""
    return resolve(["admin:profiles_source_change"], pk)


def segments(**filters: Any) -> str:
    """The list of segments."""
    return _filtered(resolve(["segments:list", "segments"]), filters)


def segment(slug: str) -> str:
    """A segment's page."""
    return resolve(["segments:detail", "segments:segment", "segments:builder"], slug)


def new_segment() -> str:
    """The empty builder."""
    return resolve(["segments:new", "segments:create"])


def campaigns(**filters: Any) -> str:
    """The list of campaigns."""
    return _filtered(resolve(["campaigns:list", "campaigns"]), filters)


def campaign(slug: str) -> str:
    """A campaign's page."""
    return resolve(["campaigns:detail", "campaigns:campaign", "campaigns:editor"], slug)


def new_campaign() -> str:
    """A new campaign."""
    return resolve(["campaigns:new", "campaigns:create"])


def messages(**filters: Any) -> str:
    """The list of messages: `state=sent`, `reason=capped`."""
    return _filtered(resolve(["campaigns:messages", "messages"]), filters)


def _filtered(address: str, filters: dict[str, Any]) -> str:
    kept = {name: value for name, value in filters.items() if value not in ("", None)}
    return f"{address}?{urlencode(kept)}" if address and kept else address
