"""How the public pages are answered: in the person's name, in their language, never cached.

No log-in, no cookie, no script. There is no CSRF token, since the link itself is what a forger
lacks; and who only asks for a link to an address does nothing to anybody.
"""

from collections.abc import Callable
from functools import wraps
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from config.workspace import audit
from config.workspace.zones import workspace_zone

Answer = Callable[..., HttpResponse]


def language_of(request: HttpRequest) -> str:
    """The one asked for by `lang`, else the browser's."""
    asked = request.GET.get("lang", "")
    if asked in dict(settings.LANGUAGES):
        return asked
    return translation.get_language() or "en"


def languages() -> list[tuple[str, str, bool]]:
    """All that there are: code, name, whether it is this one."""
    here = translation.get_language()
    return [(code, name, code == here) for code, name in settings.LANGUAGES]


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
