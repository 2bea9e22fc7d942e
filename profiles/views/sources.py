"""A source's write key: shown once, changed."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from config.console.pages import page
from config.workspace import freshness
from config.workspace.pages.public_address import base_url
from config.workspace.permissions import may, requires
from profiles.models import Source
from profiles.services.sources import permissions_for, renew_write_key


def snippet(key: str) -> str:
    """A first call, to be pasted into a shell."""
    body = '{"userId": "u_1", "event": "Signed Up", "properties": {"plan": "pro"}}'
    return (
        f"curl -u '{key}:' {settings.BASE_URL}/v1/track \\\n"
        f"  -H 'Content-Type: application/json' \\\n  -d '{body}'"
    )


def show_key(request: HttpRequest, source: Source, key: str) -> HttpResponse:
    """The page with the key; nothing keeps it, so it cannot be shown again."""
    return page(
        request,
        "profiles/source_key.html",
        {
            "source": source,
            "key": key,
            "snippet": snippet(key),
            "url": base_url(request).partition("://")[2],
        },
        title=_("Write key of %(name)s") % {"name": source.name},
        crumbs=_crumbs(),
    )


def _crumbs() -> list[tuple[str, str | None]]:
    return [(_("Customers"), None), (_("Sources"), reverse("admin:profiles_source_changelist"))]


@requires("sources.edit")
@require_http_methods(["GET", "POST"])
def rotate_key(request: HttpRequest, source_id: int) -> HttpResponse:
    """Say what will happen; then a new key, the old one refused from now on."""
    source = Source.objects.filter(pk=source_id, is_internal=False).first()
    if source is None:
        raise Http404
    if not all(may(request.user, one) for one in permissions_for(source.kind)):
        raise PermissionDenied(source.kind)
    freshness.ask_before_change(request)
    if request.method == "POST":
        return show_key(request, source, renew_write_key(source=source))
    return page(
        request,
        "profiles/source_rotate.html",
        {"source": source},
        title=_("Change the write key"),
        crumbs=_crumbs(),
    )
