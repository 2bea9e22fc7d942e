"""Pages outside the shell, for people who are not in yet: what they have in common."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from config.console.pages import PAGES


def entrance(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, status: int = 200
) -> TemplateResponse:
    """A page of the entrance. Its address may be a secret: no other site sees it.

    "no-referrer" would be too much: it makes browsers send a form with `Origin: null`, which the
    CSRF check refuses.
    """
    given = {**admin.site.each_context(request), **(context or {})}
    response = TemplateResponse(request, f"console/entrance/{template}.html", given, status=status)
    response["Referrer-Policy"] = "same-origin"
    return response


def have_to_wait(request: HttpRequest, seconds: int) -> HttpResponse:
    """429, in words."""
    too_often = PAGES.get("too_often")
    assert too_often is not None  # noqa: S101 - `config.answers` signs in
    return too_often(request, seconds=seconds)
