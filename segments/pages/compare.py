"""Two to four segments side by side: who is in which of them."""

import json
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from config.console.pages import ApiCall, page
from config.workspace.permissions import may, requires
from segments.builder.regions import MOST, regions
from segments.models import Segment


@requires("segments.view")
def compare(request: HttpRequest) -> HttpResponse:
    """`?s=` up to four times: each way of being in some of them, with how many, as a segment."""
    live = Segment.objects.filter(archived_at=None)
    asked = list(dict.fromkeys(slug for slug in request.GET.getlist("s") if slug))[:MOST]
    by_slug = {row.slug: row for row in live.filter(slug__in=asked)}
    chosen = [by_slug[slug] for slug in asked if slug in by_slug]
    found = regions(chosen) if len(chosen) > 1 else []
    most = max((one.count for one in found), default=0) or 1
    context = {
        "chosen": chosen,
        "places": [chosen[n] if n < len(chosen) else None for n in range(MOST)],
        "others": live.order_by("name")[:500],
        "may_edit": may(request.user, "segments.edit"),
        "together": sum(one.count for one in found),
        "lines": [
            {
                "region": one,
                "dots": [(segment, segment in one.inside) for segment in chosen],
                "width": f"{100 * one.count / most:.1f}",
                "url": f"{reverse('segments:new')}?{urlencode({'rule': json.dumps(one.rule)})}",
            }
            for one in found
        ],
    }
    return page(
        request,
        "segments/compare.html",
        context,
        title=_("Compare segments"),
        crumbs=[(_("Audiences"), None), (_("Segments"), reverse("segments:list"))],
        api_call=ApiCall("GET", "/api/segments/"),
    )
