"""Human, machine or unknown: who fetched a pixel or followed a link."""

import re
from typing import Final

HUMAN, MACHINE, UNKNOWN = "human", "machine", "unknown"

# Google's image proxy fetches when a person opens; its prefetch agent names itself otherwise
_GOOGLE_PROXY: Final = re.compile(r"GoogleImageProxy", re.IGNORECASE)
_GOOGLE_PREFETCH: Final = re.compile(
    r"^Mozilla/5\.0 \(Windows NT 5\.1; rv:11\.0\) Gecko|Google-?Prefetch", re.IGNORECASE
)
# Apple's privacy proxy fetches everything, opened or not, and says nothing else
_APPLE_PROXY: Final = re.compile(r"^Mozilla/5\.0$")
_MACHINES: Final = re.compile(
    r"bot\b|crawler|spider|scan|barracuda|proofpoint|mimecast|safelinks|urldefen[sc]e|symantec|"
    r"forcepoint|trendmicro|fireeye|messagelabs|sophos|cloudmark|ironport|python-requests|httpx|"
    r"aiohttp|curl/|wget/|go-http-client|java/|okhttp|libwww|headless|preview|facebookexternalhit|"
    r"slackbot|whatsapp|telegram|skypeuri",
    re.IGNORECASE,
)


def opened_by(agent: str) -> str:
    """Who fetched the pixel."""
    if _GOOGLE_PREFETCH.search(agent):
        return MACHINE
    if _GOOGLE_PROXY.search(agent):
        return HUMAN
    if _APPLE_PROXY.match(agent) or not agent:
        return UNKNOWN
    return MACHINE if _MACHINES.search(agent) else HUMAN


def clicked_by(agent: str, method: str) -> str:
    """Who followed the link, as far as one request shows; HEAD is never a person."""
    if method == "HEAD" or not agent or _MACHINES.search(agent):
        return MACHINE
    return HUMAN
