"""How far a send has come: a cheap answer for a page that polls."""

from django.db.models import Count

from campaigns.models import Campaign
from campaigns.models.message import MessageState
from campaigns.outcomes.figures import counted_messages, kept_counts
from campaigns.people.entered import people_in
from campaigns.plan import plan_of
from segments.models import Segment


def progress(campaign: Campaign) -> dict[str, int]:
    """`audience` (the segment's size until all are queued), `seen`, and each state's number."""
    rows = counted_messages().filter(campaign_id=campaign.pk).values("state")
    states = {row["state"]: row["n"] for row in rows.annotate(n=Count("*"))}
    if forgotten := kept_counts(campaign).total():
        states[MessageState.EXCLUDED] = states.get(MessageState.EXCLUDED, 0) + forgotten
    seen = people_in(campaign)["entered"] or sum(states.values())
    audience = seen
    if campaign.fanned_out_at is None:
        slug = plan_of(campaign).entry.get("segment", "")
        known = Segment.objects.filter(slug=slug).values_list("count", flat=True).first() or 0
        audience = max(seen, known)
    return {"audience": audience, "seen": seen, **states}
