"""Content security policies: strict for everything public, the theme's own for the console.

Unfold's Alpine needs 'unsafe-eval' and inline style attributes (measured; docs/console.md). With
Alpine on a page, injected HTML would be script; therefore everything that somebody typed is
autoescaped, and a rendered mail lives in a sandboxed frame.
"""

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

RELAXED_PATHS = ("/console/", "/api/docs")

CONSOLE = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
PUBLIC = {
    "default-src": "'none'",
    "script-src": "'nonce-{nonce}'",
    "style-src": "'self' 'nonce-{nonce}'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
MAIL_PREVIEW = {
    "default-src": "'none'",
    "style-src": "'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'self'",
    "sandbox": "",
}

FRAMED = PUBLIC | {"frame-ancestors": "'self'"}

View = Callable[..., HttpResponse]


class ContentSecurityPolicyMiddleware:
    """Sets the policy of the path, unless the view named another one; gives `request.csp_nonce`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, then put the policy on it. No query."""
        nonce = SimpleLazyObject(lambda: secrets.token_urlsafe(16))
        request.csp_nonce = nonce  # type: ignore[attr-defined]
        response = self.get_response(request)
        if "Content-Security-Policy" not in response:
            policy = getattr(response, "csp", None)
            if policy is None:
                policy = CONSOLE if request.path.startswith(RELAXED_PATHS) else PUBLIC
            response["Content-Security-Policy"] = written(policy, str(nonce))
        return response


def written(policy: dict[str, str], nonce: str = "") -> str:
    """The header's value."""
    return "; ".join(f"{name} {value}".strip() for name, value in policy.items()).replace(
        "{nonce}", nonce
    )


def mail_preview(view: View) -> View:
    """The answer is somebody's mail: sandboxed, no script, nothing from outside, in our frames."""
    return _with_policy(view, MAIL_PREVIEW)


def framed(view: View) -> View:
    """A page under the strict policy of the public ones that our own pages may show in a frame."""
    return _with_policy(view, FRAMED)


def _with_policy(view: View, policy: dict[str, str]) -> View:
    @wraps(view)
    def wrapped(*args: Any, **kwargs: Any) -> HttpResponse:
        response = view(*args, **kwargs)
        response.csp = policy  # type: ignore[attr-defined]
        response["X-Frame-Options"] = "SAMEORIGIN"
        return response

    return wrapped
