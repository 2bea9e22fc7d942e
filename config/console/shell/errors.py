"""Errors inside the shell, for somebody who is logged in."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from config.console.pages import page


def in_shell(
    request: HttpRequest, template: str, title: str, status: int, **context: Any
) -> HttpResponse | None:
    """The page inside the shell for somebody who is logged in to the console; else None."""
    user = getattr(request, "user", None)
    if not request.path.startswith("/console/") or user is None or not user.is_authenticated:
        return None
    return page(request, template, context, title=title, status=status).render()
