"""Privacy, Banner: which sources ask their visitors, how, and what to put into a site."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from config.console.http.csp import framed
from config.console.pages import page, toast
from config.workspace.pages.public_address import base_url
from config.workspace.permissions import may, requires
from consent.models import Banner
from consent.pages.banner.forms import BannerForm
from profiles.models import Source

VIEW, EDIT = "consents.view", "purposes.edit"


@requires(VIEW)
def banners_view(request: HttpRequest) -> HttpResponse:
    """The sources of sites, and whether each asks. One query."""
    rows = Source.objects.filter(kind=Source.Kind.BROWSER, is_internal=False)
    return page(
        request,
        "consent/banners.html",
        {"sources": rows.select_related("banner"), "may_edit": may(request.user, EDIT)},
        title=_("Banner"),
        crumbs=[(_("Privacy"), None)],
    )


@requires(VIEW)
@requires(EDIT)
@require_http_methods(["GET", "POST"])
def banner_view(request: HttpRequest, source_id: int) -> HttpResponse:
    """The banner of one source: words, purposes, looks, a preview and the line to copy."""
    source = _source(source_id)
    form = _form(request, source)
    if request.method == "POST" and form.is_valid():
        form.write()
        toast(request, _("Saved. Sites show it within a minute."))
        return redirect("consent:banner", source.pk)
    return page(
        request,
        "consent/banner.html",
        {"form": form, "source": source, "snippet": _snippet(request, source)},
        title=str(source),
        crumbs=[(_("Privacy"), None), (_("Banner"), reverse("consent:banners"))],
        status=422 if form.errors else 200,
    )


@framed
@requires(VIEW)
@requires(EDIT)
@require_http_methods(["GET", "POST"])
def preview_view(request: HttpRequest, source_id: int) -> HttpResponse:
    """A page with the banner as it stands in the form, saved or not; it tells nobody anything."""
    form = _form(request, _source(source_id))
    given = request.POST if request.method == "POST" else request.GET
    language = given.get("preview-language", "")
    if language not in dict(settings.LANGUAGES):
        language = settings.LANGUAGES[0][0]
    context: dict[str, Any] = {
        "shown": form.preview(language),
        "opens": "choices" if given.get("preview-opens") == "choices" else "",
        "theme": "dark" if given.get("preview-theme") == "dark" else "light",
    }
    return render(request, "consent/banner_preview.html", context)


def _source(source_id: int) -> Source:
    return get_object_or_404(Source, pk=source_id, kind=Source.Kind.BROWSER, is_internal=False)


def _form(request: HttpRequest, source: Source) -> BannerForm:
    banner = Banner.objects.filter(source=source).first()
    return BannerForm(request.POST or None, instance=banner, source=source)


def _snippet(request: HttpRequest, source: Source) -> str:
    """The line for a site's pages; without a key that may be shown, a place to put it."""
    key = source.public_write_key or _("WRITE KEY")
    return f'<script src="{base_url(request)}/consent/banner.js" data-key="{key}" defer></script>'
