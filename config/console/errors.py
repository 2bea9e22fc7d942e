"""What stands where there is nothing."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from config.console.pages import page


def not_found(request: HttpRequest, exception: Any) -> HttpResponse:
    """404: inside the shell for somebody who is logged in, else a plain public page."""
    user = getattr(request, "user", None)
    if request.path.startswith("/console/") and user is not None and user.is_authenticated:
        return page(request, "console/404.html", title="404", status=404).render()
    return render(request, "404.html", status=404)
