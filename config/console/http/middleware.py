"""Language and time zone: first what the browser says, then what the user chose. And the log-in."""

import zoneinfo
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from config.console.http.csp import mail_preview
from config.workspace.selectors import workspace


class UserLocaleMiddleware(LocaleMiddleware):
    """The cookie's or the browser's language, for people who are not (yet) logged in."""


class SignInMiddleware:
    """A part that htmx asks for after the session has ended sends the whole page to the log-in.

    A redirect would be followed out of sight, and the log-in put in the part's place. What a frame
    asks for is said in the frame: the log-in lets itself be framed by nobody.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """As answered, unless that leads to the log-in. No query."""
        response = self.get_response(request)
        leads_to = urlsplit(response.get("Location", "")).path
        if leads_to != settings.LOGIN_URL:
            return response
        if request.headers.get("Sec-Fetch-Dest") == "iframe":
            return self._in_frame(request)
        if request.headers.get("HX-Request") != "true":
            return response
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
        here = urlunsplit(("", "", page.path, page.query, ""))
        answer = HttpResponse(status=HTTPStatus.UNAUTHORIZED)
        answer["HX-Redirect"] = f"{settings.LOGIN_URL}?{urlencode({'next': here or '/console/'})}"
        return answer

    @staticmethod
    @mail_preview
    def _in_frame(_request: HttpRequest) -> HttpResponse:
        words = _("You are logged out. Reload the page to log in.")
        kind = "text/plain; charset=utf-8"
        return HttpResponse(words, content_type=kind, status=HTTPStatus.UNAUTHORIZED)


class PreferencesMiddleware:
    """The logged-in user's own language and time zone, else the workspace's zone.

    Costs no query without a session cookie, and none beyond the user's own row with one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Activate for this request only."""
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return self.get_response(request)
        locale = getattr(request.user, "locale", "") or ""
        if locale in dict(settings.LANGUAGES):
            translation.activate(locale)
            request.LANGUAGE_CODE = locale
        zone = _zone(_zone_name(request.user))
        if zone is not None:
            timezone.activate(zone)
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()


def _zone_name(user: Any) -> str:
    if not user.is_authenticated:
        return ""
    return str(getattr(user, "time_zone", "") or workspace().time_zone)


def _zone(name: str) -> zoneinfo.ZoneInfo | None:
    try:
        return zoneinfo.ZoneInfo(name) if name else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None
