"""The number on the button: how many of whom a launch would send to, kept fresh while one looks."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from campaigns.models import Campaign
from campaigns.pages import page_header
from campaigns.pages.editor import preview_people
from campaigns.pages.editor.previews import found
from campaigns.services.checks import NotReady
from campaigns.services.rehearsing import Rehearsal, rehearse
from config.console.pages import part
from config.workspace.lifecycle.revisions import number_in, revision_in
from config.workspace.permissions import requires

AGAIN_SECONDS = 15  # between two counts for the number on the button
COUNTING_SHARE = 20  # and at least so many times as long as a count takes


def audience_of(campaign: Campaign, rehearsal: Rehearsal, was: int | None) -> dict[str, Any]:
    """What the button names and a launch holds to: segment, its rule, its people, recipients.

    `was` is another number of recipients that was shown before; `again` the seconds after which
    the number is asked for anew, the rarer the longer it takes to count. `counting` while the
    segment's people are still those of an older rule.
    """
    segment = preview_people.segment_of(campaign)
    counted = (segment.counted_version or segment.version) if segment else None
    return {
        "segment": segment,
        "rule": counted,
        "counting": segment is not None and counted != segment.version,
        "recipients": rehearsal.recipients,
        "audience": rehearsal.audience,
        "was": was if was != rehearsal.recipients else None,
        "again": max(AGAIN_SECONDS, round(rehearsal.took_ms / 1000 * COUNTING_SHARE)),
    }


@requires("campaigns.view")
def number(request: HttpRequest, slug: str) -> HttpResponse:
    """The button once more with the number of now; the page asks while it is open."""
    campaign = found(slug)
    context = page_header.head(request, campaign, request.GET.get("on", "checks"))
    is_same = context["is_draft"] and revision_in(request.GET) == campaign.revision
    if not is_same or not page_header.ready(campaign):
        return part(request, "campaigns/_number.html", context | {"changed": True})
    shown, was = number_in(request.GET, "recipients"), number_in(request.GET, "was")
    try:
        now = rehearse(campaign)
    except NotReady:
        return part(request, "campaigns/_number.html", context | {"changed": True})
    moved = shown if shown != now.recipients else was
    return part(request, "campaigns/_number.html", context | audience_of(campaign, now, moved))
