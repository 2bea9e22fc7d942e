"""What every answer says of itself: kept by no cache, found by no search engine, unless it says
otherwise. Static files are answered before this."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

INSIDE = ("/console/", "/api/")  # what no page of another origin has a use for
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class PrivateAnswers:
    """Middleware: sets what the view left open."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """No query."""
        response = self.get_response(request)
        if "no-store" not in response.get("Cache-Control", "no-store"):
            return response  # the view wants it kept
        response.headers.setdefault("Cache-Control", "no-store, private")
        response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        if request.path.startswith(INSIDE):
            response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if request.path.startswith("/api/"):
            patch_vary_headers(response, ["Authorization", "Cookie"])
        return response
