"""The open pixel and the click redirect."""

import base64

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns.outcomes.agents import clicked_by, opened_by
from campaigns.outcomes.links import target_of
from campaigns.outcomes.recording import NamedMessage, find_sent, record_click, record_open
from config.workspace import audit
from config.workspace.access import tokens
from config.workspace.access.guessing import refuse
from config.workspace.pages.errors import Explained

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


def _sent(purpose: str, token: str) -> NamedMessage | None:
    try:
        profile_id, message_id = tokens.read(purpose, token)
    except (tokens.BadToken, ValueError):
        return None
    return find_sent(profile_id, message_id)


@require_http_methods(["GET", "HEAD"])
def opened(request: HttpRequest, token: str) -> HttpResponse:
    """A transparent pixel, whatever the token; an open is counted for GET alone."""
    sent = _sent("open", token)
    if sent is not None and request.method == "GET":
        with audit.acting(audit.PERSON):
            record_open(sent, opened_by(request.headers.get("User-Agent", "")))
    response = HttpResponse(PIXEL, content_type="image/gif")
    add_never_cache_headers(response)
    return response


@require_http_methods(["GET", "HEAD"])
def clicked(request: HttpRequest, token: str, index: str) -> HttpResponse:
    """On to link `index` of this very mail; nothing in the request can name another address."""
    sent = _sent("click", token)
    target = target_of(sent, int(index)) if sent is not None else None
    if sent is None or target is None:
        refuse(request, Explained(_("This link is not one of ours, or it has ended.")))
    who = clicked_by(request.headers.get("User-Agent", ""), request.method or "")
    with audit.acting(audit.PERSON):
        record_click(sent, int(index), target, who)
    response = HttpResponseRedirect(target)
    response["Referrer-Policy"] = "no-referrer"
    add_never_cache_headers(response)
    return response
