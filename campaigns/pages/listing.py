"""The list of campaigns, and making, copying and throwing away."""

import secrets
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaigns.engine.status import WrongStatus
from campaigns.models import Campaign
from campaigns.outcomes.figures import counted_messages, counting
from campaigns.pages import page_header
from campaigns.pages.editor.forms import NewForm
from campaigns.pages.editor.previews import found
from campaigns.pages.editor.starters import STARTERS, first_step
from campaigns.plan import plan_of
from campaigns.services.drafts import create_campaign, delete_draft, duplicate
from campaigns.services.shapes import InvalidCampaign
from config.console.pages import ApiCall, page, part, toast
from config.postgres.wire import number_of
from config.workspace.lifecycle.revisions import Stale, revision_in
from config.workspace.lifecycle.usage import InUse
from config.workspace.permissions import may, requires
from segments.models import Segment

PAGE_SIZE = 25
RESERVED = {"new", "sender"}
GROUPS: dict[str, list[str]] = {
    "draft": ["draft"],
    "moving": ["held", "scheduled", "running", "paused"],
    "finished": ["finished", "cancelled"],
}


@requires("campaigns.view")
def campaigns(request: HttpRequest) -> HttpResponse:
    """Newest first, by cursor; the figures load by themselves."""
    group = request.GET.get("status", "")
    rows = Campaign.objects.select_related("current")
    if group in GROUPS:
        rows = rows.filter(status__in=GROUPS[group])
    if before := number_of(request.GET.get("before", "")):
        rows = rows.filter(pk__lt=before)
    leaf = list(rows[: PAGE_SIZE + 1])
    more, leaf = len(leaf) > PAGE_SIZE, leaf[:PAGE_SIZE]
    figures = request.GET.get("figures") == "1"
    context = {
        "rows": _rows(leaf, figures_of(leaf) if figures else None),
        "figures": figures,
        "group": group if group in GROUPS else "",
        "before": before,
        "tabs": [
            ("", _("All")),
            ("draft", _("Drafts")),
            ("moving", _("On their way")),
            ("finished", _("Finished")),
        ],
        "page": {"next_url": _leaf_url(group, leaf[-1].pk)} if more else {},
        "may_edit": may(request.user, "campaigns.edit"),
    }
    if figures:
        return part(request, "campaigns/_rows.html", context)
    return page(
        request,
        "campaigns/list.html",
        context,
        title=_("Campaigns"),
        crumbs=[(_("Engage"), None)],
        api_call=ApiCall("GET", "/api/campaigns/"),
    )


def _leaf_url(group: str, last: int) -> str:
    kept = f"status={group}&" if group in GROUPS else ""
    return f"{reverse('campaigns:list')}?{kept}before={last}"


def _rows(leaf: list[Campaign], figures: dict[int, Any] | None) -> list[dict[str, Any]]:
    entries = {row.pk: plan_of(row).entry for row in leaf}
    slugs = {entry.get("segment") for entry in entries.values()}
    segments = {one.slug: one for one in Segment.objects.filter(slug__in=slugs - {None})}
    return [
        {
            "campaign": row,
            "look": page_header.look_of(row),
            "segment": segments.get(entries[row.pk].get("segment", "")),
            "start": page_header.in_zone(at) if (at := page_header.start_of(row)) else "",
            "n": (figures or {}).get(row.pk, {}),
            "doors": {did: _door(row, did) for did in ("left", "clicked", "converted")},
        }
        for row in leaf
    ]


def _door(campaign: Campaign, did: str) -> str:
    return f"{reverse('campaigns:messages')}?campaign={campaign.slug}&did={did}"


def figures_of(leaf: list[Campaign]) -> dict[int, dict[str, Any]]:
    """Sent, clicked, converted and revenue of the campaigns of a page: one query."""
    launched = [row.pk for row in leaf if row.launched_at]
    if not launched:
        return {}
    rows = counted_messages().filter(campaign_id__in=launched).values("campaign_id")
    counted = rows.annotate(revenue=Sum("revenue"), **counting(("sent", "clicked", "converted")))
    return {row["campaign_id"] or 0: dict(row) for row in counted}


@requires("campaigns.edit")
def new(request: HttpRequest) -> HttpResponse:
    """A name and something to begin with; `?segment=` is who gets it."""
    form = NewForm(request.POST or None)
    chosen = Segment.objects.filter(slug=request.GET.get("segment", ""), archived_at=None).first()
    if request.method == "POST" and form.is_valid():
        campaign = _make(request, form, chosen)
        return redirect("campaigns:step", campaign.slug, "who")
    return page(
        request,
        "campaigns/new.html",
        {"form": form, "starters": STARTERS, "segment": chosen},
        title=_("New campaign"),
        crumbs=page_header.crumbs(),
        api_call=ApiCall("POST", "/api/campaigns/", {"slug": "...", "name": "..."}),
    )


def _make(request: HttpRequest, form: NewForm, segment: Segment | None) -> Campaign:
    """A draft under a free slug made of its name."""
    user: Any = request.user
    name = form.cleaned_data["name"]
    base = slugify(name)[:60] or "campaign"
    slug = base
    for _attempt in range(5):
        taken = slug in RESERVED or Campaign.objects.filter(slug=slug).exists()
        if not taken:
            try:
                with transaction.atomic():
                    given = {"slug": slug, "name": name, "steps": [first_step(form.content())]}
                    if segment is not None:
                        given["entry"] = {"kind": "segment", "segment": segment.slug}
                    return create_campaign(given, user=user)
            except (IntegrityError, InvalidCampaign):
                pass
        slug = f"{base}-{secrets.token_hex(2)}"
    raise InvalidCampaign([])


@require_POST
@requires("campaigns.edit")
def copy(request: HttpRequest, slug: str) -> HttpResponse:
    """The same again as a draft."""
    user: Any = request.user
    made = duplicate(found(slug), user=user)
    toast(request, _("Copied. This is the copy."))
    return redirect("campaigns:step", made.slug, "who")


@require_POST
@requires("campaigns.edit")
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Throw a draft away; what was launched stays."""
    campaign = found(slug)
    try:
        delete_draft(campaign, revision=revision_in(request.POST))
    except (WrongStatus, Stale, InUse) as error:
        toast(request, str(error), level=30)
        return redirect("campaigns:detail", slug)
    toast(request, _("The draft “%(name)s” is gone.") % {"name": campaign.name[:80]})
    return redirect("campaigns:list")
