"""Messages on the customer page: the card, and the timeline of what was sent and what was not; and
a campaign to the people of a segment, on its page.

Opens, clicks and conversions are events on the person and come with the events.
"""

from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from campaigns.gate.why_not import WhyNot, why_not
from campaigns.models import Campaign, Message
from campaigns.models.message import MessageState
from campaigns.pages.log.messages import LOOKS, why_of
from campaigns.pages.reasons import detail_of
from campaigns.people.whose import written_to
from config.console.words import moment
from config.workspace.permissions import may
from consent.channels import label_of
from profiles.models import Profile
from profiles.panels import PANELS, Panel
from profiles.selectors.masking import shown_to
from profiles.timeline import TIMELINE, Action, Cursor, TimelineItem, id_below, key_of
from segments.models import Segment
from segments.pages.acts import ACTS, SegmentAction

NAME, KIND = "message", "messages"
SHOWN = 5
GOOD = {MessageState.SENT, MessageState.DELIVERED}
BAD = {MessageState.BOUNCED, MessageState.FAILED, MessageState.EXCLUDED}
COLUMNS = (
    "id", "profile_id", "campaign_id", "state", "reason", "data", "channel", "is_test", "detail",
    "said_id", "decided_at", "queued_at",
)  # fmt: skip


def _names(rows: Sequence[Message]) -> dict[int, str]:
    wanted = {row.campaign_id for row in rows if row.campaign_id}
    found = Campaign.objects.filter(pk__in=wanted).values_list("pk", "name") if wanted else ()
    return dict(found)


@ACTS.register("campaign")
def campaign_to(request: HttpRequest, segment: Segment) -> SegmentAction | None:
    """A new campaign, with its people chosen."""
    if not may(request.user, "campaigns.edit"):
        return None
    url = f"{reverse('campaigns:new')}?{urlencode({'segment': segment.slug})}"
    return SegmentAction(_("New campaign to them"), url, "send")


@PANELS.register("messages", order=40)
def panel(request: HttpRequest, profile: Profile) -> Panel | None:
    """The last few messages, those from before a merge included; six queries at most."""
    if not may(request.user, "messages.view"):
        return None
    mine = Message.objects.filter(written_to(profile.pk), is_test=False).order_by(
        "-queued_at", "-id"
    )
    rows = list(mine[: SHOWN + 1])
    names = _names(rows)
    whys = why_not(rows, dict.fromkeys((row.pk for row in rows), profile))
    lines = [
        {
            "row": row,
            "name": names.get(row.campaign_id or 0, ""),
            "look": LOOKS.get(row.state, ("", "mail")),
            "why": why_of(row, shown_to(request.user)),
            "detail": detail_of(whys.get(row.pk)),
            "not_sent": whys.get(row.pk),
            "url": reverse("campaigns:message", args=[row.profile_id, row.pk]),
        }
        for row in rows[:SHOWN]
    ]
    all_url = f"{reverse('campaigns:messages')}?person={profile.public_id}"
    context = {"lines": lines, "all_url": all_url, "more": len(rows) > SHOWN}
    return Panel("campaigns/_person_messages.html", context)


@TIMELINE.register(NAME)
def timeline(
    profile_id: int, before: Cursor | None, limit: int, kinds: Collection[str]
) -> list[TimelineItem]:
    """What was sent, and what was not and why; six queries at most."""
    if kinds and KIND not in kinds:
        return []
    rows = Message.objects.filter(written_to(profile_id), is_test=False)
    rows = rows.annotate(at=Coalesce("sent_at", "queued_at")).only(*COLUMNS)
    if before is not None:
        older = Q(at__lt=before[0]) | Q(at=before[0], id__lt=id_below(before, NAME))
        rows = rows.filter(older)
    leaf = list(rows.order_by("-at", "-id")[:limit])
    names = _names(leaf)
    person = Profile(pk=profile_id)
    whys = why_not(leaf, dict.fromkeys((row.pk for row in leaf), person))
    return [_item(row, names.get(row.campaign_id or 0, ""), whys.get(row.pk)) for row in leaf]


def _item(row: Any, name: str, not_sent: WhyNot | None) -> TimelineItem:
    title, icon = _title(row, name or _("a single message"))
    url = reverse("campaigns:message", args=[row.profile_id, row.pk])
    why = _("Why?") if row.state == MessageState.EXCLUDED else _("Open the message")
    return TimelineItem(
        at=row.at,
        key=key_of(NAME, row.pk),
        kind=KIND,
        icon=icon,
        title=title,
        detail=_because(row, not_sent),
        tone="good" if row.state in GOOD else "no" if row.state in BAD else "",
        source=str(label_of(row.channel)),
        actions=(Action(why, url, permission="messages.view"),),
    )


def _because(row: Any, not_sent: WhyNot | None) -> Any:
    """ "No permission: withdrew 27 Nov 2026, 18:42 CET": the reason, and more of it."""
    why, detail = why_of(row), detail_of(not_sent)
    if not detail:
        return why
    when = f" {moment(not_sent.at)}" if not_sent and not_sent.at else ""
    return f"{why}: {detail}{when}"


def _title(row: Any, name: str) -> tuple[Any, str]:
    words = {
        MessageState.SENT: _("Sent: {}"),
        MessageState.DELIVERED: _("Sent: {}"),
        MessageState.EXCLUDED: _("Not sent: {}"),
        MessageState.BOUNCED: _("Bounced: {}"),
        MessageState.FAILED: _("Failed: {}"),
        MessageState.UNKNOWN: _("Perhaps sent: {}"),
        MessageState.CANCELLED: _("Cancelled: {}"),
    }
    icon = LOOKS.get(row.state, ("", "mail"))[1] if row.state not in GOOD else "mail"
    bold = format_html("<b>{}</b>", name)
    return format_html(words.get(MessageState(row.state), _("Waiting: {}")), bold), icon
