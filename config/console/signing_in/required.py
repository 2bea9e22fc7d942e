"""Middleware: whose role needs a second factor and who has none sets one up before all else."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse

from config.console.signing_in import rules
from config.workspace.models import User

INSIDE: Final = ("/console/", "/api/")
OPEN: Final = (
    "/console/security/",
    "/console/login/",
    "/console/logout/",
    "/console/language/",
    "/console/sessions/end/",
    "/console/jsi18n/",
)


class SecondFactorRequired:
    """Asks nothing of whoever comes without a session; of others what the session already says."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """To the page that sets one up; a program of the browser's is told so (403)."""
        if not self._is_asked(request) or not rules.is_lacking(request, request.user):  # type: ignore[arg-type]
            return self.get_response(request)
        if request.path.startswith("/api/"):
            problem = {"title": "Your role needs a second factor: set one up first.", "status": 403}
            return JsonResponse(problem, status=403, content_type="application/problem+json")
        page = reverse("mfa_index")
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=401, headers={"HX-Redirect": page})
        return HttpResponseRedirect(page)

    @staticmethod
    def _is_asked(request: HttpRequest) -> bool:
        path = request.path
        if not path.startswith(INSIDE) or path.startswith(OPEN):
            return False
        has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
        return has_session and isinstance(request.user, User)
