"""How a page of the console is answered. docs/console.md is the guide to it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.cache import patch_vary_headers

from config.workspace.registry import Registry

Answer = TypeVar("Answer", bound=HttpResponse)
Crumb = tuple[Any, str | None]
# the pages of the site itself that look at every app, by name: "home", "home_part"
PAGES: Registry[Callable[..., HttpResponse]] = Registry("pages of the site")


@dataclass(frozen=True)
class ApiCall:
    """The REST call that does what a page shows; `body` is what would be sent as JSON."""

    method: str
    path: str
    body: Any = None

    def curl(self) -> str:
        """The call as a line for a shell, with the key masked."""
        lines = [f"curl -X {self.method} '{settings.BASE_URL}{self.path}'"]
        lines.append("  -H 'Authorization: Bearer rk_...'")
        if self.body is not None:
            written = json.dumps(self.body, indent=2, ensure_ascii=False).replace("'", "'\\''")
            lines += ["  -H 'Content-Type: application/json'", f"  -d '{written}'"]
        return " \\\n".join(lines)


def wants_partial(request: HttpRequest) -> bool:
    """Does htmx ask for a part (and not for a whole page by a boosted link)?"""
    htmx = getattr(request, "htmx", None)
    if not htmx:
        return False
    return not htmx.boosted and not htmx.history_restore_request


def attachment(content: str | bytes, name: str, kind: str) -> HttpResponse:
    """A file to keep; `kind` is its type, without its letters, which are UTF-8. Never cached."""
    return HttpResponse(
        content,
        content_type=f"{kind}; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    title: Any,
    crumbs: Sequence[Crumb] = (),
    status: int = 200,
    api_call: ApiCall | None = None,
) -> TemplateResponse:
    """A whole page inside the shell. `crumbs` stand before the title, as (label, url or None)."""
    response = TemplateResponse(
        request,
        template,
        {
            **admin.site.each_context(request),
            "title": title,
            "crumbs": list(crumbs),
            "api_call": api_call,
            **(context or {}),
        },
        status=status,
    )
    return _private(response)


def part(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """A part that htmx swaps in; waiting toasts travel with it in a header."""
    response = TemplateResponse(request, template, dict(context or {}), status=status)
    response.render()
    said = [_as_toast(message) for message in messages.get_messages(request)]
    if said:
        response["HX-Trigger"] = json.dumps({"toasts": said})
    return _private(response)


def toast(
    request: HttpRequest,
    text: Any,
    *,
    level: int = messages.SUCCESS,
    undo_url: str = "",
    seconds: int = 60,
) -> None:
    """Say what happened, on the next page or in the next part. With `undo_url` it has an Undo."""
    extra = json.dumps({"undo": undo_url, "seconds": seconds}) if undo_url else ""
    messages.add_message(request, level, text, extra_tags=extra)


def undo_of(message: Any) -> dict[str, Any]:
    """The Undo that `toast` put on a message: {"undo": url, "seconds": n}, or {}."""
    tags = getattr(message, "extra_tags", "") or ""
    if not tags.startswith("{"):
        return {}
    found: dict[str, Any] = json.loads(tags)
    return found


def _as_toast(message: Any) -> dict[str, Any]:
    return {"text": str(message), "level": message.level_tag, **undo_of(message)}


def _private(response: Answer) -> Answer:
    """Personal data: no cache may keep it, and htmx's part is not the page."""
    patch_vary_headers(response, ["HX-Request"])
    response["Cache-Control"] = "no-store, private"
    return response
