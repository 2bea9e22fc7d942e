"""The RFM grid: the groups with their people and money, and where they went since."""

import json
from datetime import timedelta
from urllib.parse import urlencode

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config.console.pages import ApiCall, page, part, toast
from config.postgres.wire import number_of
from config.workspace.permissions import may, requires
from profiles.models import EventDefinition
from profiles.selectors.masking import FieldPlace, Shown, shown_to
from segments.insight.rfm.cuts import MOST_DAYS, choose, terms
from segments.insight.rfm.grid import rfm_grid, rfm_migration
from segments.insight.rfm.groups import group_names
from segments.insight.rfm.scoring import SCORES
from segments.pages.live import ended_or_raise

LOOK_BACK = timedelta(days=30)
MOST_MOVES = 12
MOST_EVENTS = 200  # names to choose from
LONGEST_EVENT = 200  # characters


@requires("segments.view")
def grid(request: HttpRequest) -> HttpResponse:
    """Each group as a segment; the cells by recency and frequency."""
    try:
        found = rfm_grid(timezone.now())
    except OperationalError as error:
        ended_or_raise(error)
        found = None
    names = group_names()
    lines, cells = [], []
    if found is not None:
        most = max((n for row in found.grid for n in row), default=0) or 1
        cells = [
            (r, [(f, found.grid[r - 1][f - 1], _shade(found.grid[r - 1][f - 1], most))
                 for f in range(1, SCORES + 1)])
            for r in range(SCORES, 0, -1)
        ]  # fmt: skip
        lines = [
            {
                "name": names[line.name],
                "people": line.people,
                "share": line.people / found.people if found.people else 0.0,
                "revenue": line.revenue,
                "url": _new(line.name, names[line.name]),
            }
            for line in found.lines
        ]
    chosen, shown = terms(), shown_to(request.user)
    context = {
        "found": found,
        "lines": lines,
        "cells": cells,
        "columns": range(1, SCORES + 1),
        "terms": chosen,
        "event": shown.event(chosen.event),
        "events": _events(chosen.event, shown),
        "most_days": MOST_DAYS,
        "may_edit": may(request.user, "segments.edit"),
    }
    return page(
        request,
        "segments/rfm.html",
        context,
        title=_("RFM grid"),
        crumbs=[(_("Audiences"), None)],
        api_call=ApiCall("GET", "/api/insights/rfm/"),
    )


@requires("segments.view")
def moves(request: HttpRequest) -> HttpResponse:
    """From which group into which, in the last 30 days."""
    now = timezone.now()
    try:
        found = rfm_migration(now - LOOK_BACK, now)
    except OperationalError as error:
        ended_or_raise(error)
        return part(request, "segments/_rfm_moves.html", {"too_long": True})
    names = group_names()
    lines = [(names[a], names[b], n) for a, b, n in found if a != b][:MOST_MOVES]
    stayed = sum(n for a, b, n in found if a == b)
    return part(request, "segments/_rfm_moves.html", {"lines": lines, "stayed": stayed})


@requires("segments.edit")
@require_POST
def choose_terms(request: HttpRequest) -> HttpResponse:
    """Another event or look-back."""
    event = request.POST.get("event", "").replace("\x00", "").strip()[:LONGEST_EVENT]
    days = number_of(request.POST.get("days", "")) or 0
    if not event or not 1 <= days <= MOST_DAYS or not _may_ask(event, shown_to(request.user)):
        toast(request, _("Choose an event, and from 1 to %(n)s days.") % {"n": MOST_DAYS}, level=30)
    else:
        choose(event, days)
        toast(request, _("Everybody is scored anew by that."))
    return HttpResponseRedirect(reverse("segments:rfm"))


def _new(group: str, name: str) -> str:
    rule = {"match": "all", "conditions": [{"kind": "rfm", "group": group}]}
    return f"{reverse('segments:new')}?{urlencode({'rule': json.dumps(rule), 'name': name})}"


def _shade(n: int, most: int) -> int:
    """From 0 to 4."""
    return min(4, int(5 * n / most)) if n else 0


def _may_ask(event: str, shown: Shown) -> bool:
    """As rules ask: what a role does not see, it does not count by."""
    return shown.may_ask(FieldPlace.EVENT, event) and not shown.hides_in(event)


def _events(chosen: str, shown: Shown) -> list[str]:
    rows = EventDefinition.objects.filter(is_hidden=False, last_seen__isnull=False)
    names = rows.order_by("-is_money", "-is_conversion", "name").values_list("name", flat=True)
    offered = dict.fromkeys([chosen, *names[:MOST_EVENTS]])
    return [name for name in offered if _may_ask(name, shown)]
