"""The settings document that the stock browser SDK asks for before it sends anything."""

from typing import Any

from django.http import HttpRequest

from config.workspace.pages.public_address import base_url
from profiles.ingest.keys import source_of

EVERYTHING = {"__default": {"enabled": True, "integrations": {}}}


def settings_document(request: HttpRequest, key: str) -> dict[str, Any] | None:
    """What `analytics.load()` reads: where to send to, and that nothing else is to be loaded.

    None where no enabled source has the key. The address is BASE_URL, or a listed name that
    was asked.
    """
    if source_of(key) is None:
        return None
    return {
        "integrations": {"Segment.io": _ours(request, key)},
        "plan": {"track": EVERYTHING, "identify": EVERYTHING, "group": EVERYTHING},
        "edgeFunction": {},
        "analyticsNextEnabled": True,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0},
        "legacyVideoPluginsEnabled": False,
        "remotePlugins": [],
    }


def _ours(request: HttpRequest, key: str) -> dict[str, Any]:
    scheme, _colon, host = base_url(request).partition("://")
    return {
        "apiKey": key,
        "apiHost": f"{host}/v1",
        "protocol": scheme,
        "unbundledIntegrations": [],
        "addBundledMetadata": True,
        "maybeBundledConfigIds": {},
        "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
    }
