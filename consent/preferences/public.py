"""How the public pages are answered: in the person's name, in their language, never cached.

No log-in, no cookie, no script. There is no CSRF token, since the link itself is what a forger
lacks; and who only asks for a link to an address does nothing to anybody.
"""

from collections.abc import Callable
from functools import wraps
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from config.workspace import audit
from config.workspace.pages.public_language import language_of, languages
from config.workspace.zones import workspace_zone

Answer = Callable[..., HttpResponse]
__all__ = ["in_person", "language_of", "languages", "own_page"]


def in_person(
    request: HttpRequest, zone: ZoneInfo | None, answer: Callable[[], HttpResponse]
) -> HttpResponse:
    """What `answer` says, with the headers of these pages. `zone` None is the workspace's."""
    language, clock = language_of(request), timezone.override(zone or workspace_zone())
    with translation.override(language), clock, audit.acting(audit.PERSON):
        response = answer()
    add_never_cache_headers(response)
    response["Content-Language"] = language
    response["Referrer-Policy"] = "no-referrer"  # the address is the secret
    return response


def own_page(view: Answer) -> Answer:
    """A page that no mail token leads to."""

    @csrf_exempt
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def wrapped(request: HttpRequest, **parts: str) -> HttpResponse:
        return in_person(request, None, lambda: view(request, **parts))

    return wrapped
