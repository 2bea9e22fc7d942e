"""The log of messages: what was sent to whom, what was not, and why."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from campaigns.gate.why_not import WhyNot, why_not
from campaigns.models import Campaign, Message
from campaigns.models.message import MessageReason, MessageState
from campaigns.outcomes.figures import kept_counts
from campaigns.outcomes.happened import message_events
from campaigns.pages import reasons
from campaigns.pages.log.message_filters import MessageFilters, address_of, asked
from campaigns.pages.reasons import SUPPRESSIONS, WHY
from campaigns.people.whose import people_of
from config.console.pages import ApiCall, page, part, wants_partial
from config.postgres.wire import number_of
from config.workspace import audit
from config.workspace.permissions import may, requires
from config.workspace.trail.proofs import provable
from consent.channels import label_of
from consent.ledger.chain import CONSENTS
from consent.models import ConsentEntry
from consent.words import act_of, paused_until, source_of
from profiles.models import Profile
from profiles.selectors.masking import HARMLESS_ALONE, Shown, shown_to
from profiles.selectors.people import BadCursor, decode_cursor, encode_cursor

PAGE_SIZE = 50
_OUT = MessageState.EXCLUDED.value
# state -> (chip, icon)
LOOKS: dict[str, tuple[str, str]] = {
    MessageState.QUEUED: ("brand", "clock"),
    MessageState.HANDING_OVER: ("brand", "send"),
    MessageState.SENT: ("ok", "ok"),
    MessageState.DELIVERED: ("ok", "okc"),
    MessageState.BOUNCED: ("bad", "alert"),
    MessageState.FAILED: ("bad", "alert"),
    MessageState.UNKNOWN: ("warn", "q"),
    MessageState.EXCLUDED: ("", "ban"),
    MessageState.CANCELLED: ("", "x"),
}


@dataclass(frozen=True)
class MessageLine:
    """One row: the message, and how it is said."""

    row: Message
    person: Profile  # whose it is today
    name: str
    address: str
    campaign: str
    campaign_slug: str
    look: tuple[str, str]
    why: str | Promise
    url: str
    not_sent: WhyNot | None = None

    @property
    def channel(self) -> str | Promise:
        """Its name."""
        return label_of(self.row.channel)

    @property
    def detail(self) -> str | Promise:
        """More of the reason, as "withdrew"."""
        return reasons.detail_of(self.not_sent)


def word_of(row: Message) -> str:
    """What the provider said, where it did."""
    return str(row.data.get("word") or "")


def why_of(row: Message, shown: Shown = HARMLESS_ALONE) -> str | Promise:
    """The reason in words: ours, or the provider's, which may name the address."""
    why = reasons.why_of(row.reason)
    if why is not None:
        return why.label
    if row.held_until is not None:
        return reasons.HELD.label
    return shown.said(word_of(row) or row.reason)


def lines_of(rows: list[Message], shown: Shown) -> list[MessageLine]:
    """The rows as they are said; some queries for all of them, none for each."""
    wanted = {row.campaign_id for row in rows if row.campaign_id}
    named = {c.pk: c for c in Campaign.objects.filter(pk__in=wanted).only("slug", "name")}
    people = people_of(rows)
    whys = why_not(rows, people)
    return [
        _line(row, people[row.pk], named.get(row.campaign_id or 0), shown, whys.get(row.pk))
        for row in rows
    ]


def _line(
    row: Message,
    person: Profile,
    campaign: Campaign | None,
    shown: Shown,
    not_sent: WhyNot | None,
) -> MessageLine:
    return MessageLine(
        row,
        person,
        shown.name(person.display_name),
        shown.address(row.address),
        campaign.name if campaign else "",
        campaign.slug if campaign else "",
        LOOKS.get(row.state, ("", "mail")),
        why_of(row, shown),
        reverse("campaigns:message", args=[row.profile_id, row.pk]),
        not_sent,
    )


@requires("messages.view")
def messages_page(request: HttpRequest) -> HttpResponse:
    """The newest first, by cursor."""
    found = asked(request.GET)
    try:
        before = decode_cursor(request.GET["before"]) if "before" in request.GET else None
    except BadCursor:
        before = None
    leaf = _leaf(found.rows, before)
    more, leaf = len(leaf) > PAGE_SIZE, leaf[:PAGE_SIZE]
    next_url = ""
    if more:
        cursor = encode_cursor(leaf[-1].queued_at, leaf[-1].pk)
        next_url = address_of({**found.kept, "before": cursor})
    shown = shown_to(request.user)
    if fields := shown.looked_at("display_name", "address"):
        people = [row.profile_id for row in leaf]
        audit.record("message.listed", "message", fields=fields, people=people)
    context = {
        "lines": lines_of(leaf, shown),
        "asked": found,
        "states": MessageState.choices,
        "reasons": [(key, why.label) for key, why in WHY.items()],
        "page": {"next_url": next_url},
        "folded": _folded(found) if before is None else 0,
        "kept_days": settings.EXCLUDED_DAYS,
        "any": bool(leaf or found.kept) or Message.objects.exists(),
        "personal": shown.personal,
        "may_keep": bool(found.kept) and may(request.user, "segments.edit"),
    }
    if wants_partial(request):
        return part(request, "campaigns/_messages.html", context)
    call = ApiCall("GET", f"/api/messages/?{urlencode(found.kept)}".rstrip("?"))
    return page(
        request,
        "campaigns/messages.html",
        context,
        title=_("Messages"),
        crumbs=[(_("Engage"), None)],
        api_call=call,
    )


def _folded(found: MessageFilters) -> int:
    """Who of these got nothing from a campaign that ended long ago, and is only counted."""
    narrow = found.kept.keys() - {"campaign", "reason", "detail"}
    if found.campaign is None or narrow - {"state"} or found.kept.get("state", _OUT) != _OUT:
        return 0
    wanted, closer = found.kept.get("reason"), found.kept.get("detail")
    return sum(
        n
        for (_variant, reason, detail), n in kept_counts(found.campaign).items()
        if wanted in (None, reason) and closer in (None, detail)
    )


def _leaf(rows: QuerySet[Message], before: tuple[Any, str] | None) -> list[Message]:
    if before is not None and number_of(before[1]):
        at, number = before[0], number_of(before[1])
        # said twice, since the planner takes an index condition from the first alone
        rows = rows.filter(queued_at__lte=at)
        rows = rows.filter(Q(queued_at__lt=at) | Q(queued_at=at, id__lt=number))
    rows = rows.select_related("profile").order_by("-queued_at", "-id")
    return list(rows.defer("profile__traits")[: PAGE_SIZE + 1])


@requires("messages.view")
def message(request: HttpRequest, profile_id: int, message_id: int) -> HttpResponse:
    """One message: where it stands and why, what allowed it, and what came of it."""
    row = (
        Message.objects.filter(profile_id=profile_id, id=message_id)
        .select_related("profile", "purpose")
        .first()
    )
    if row is None:
        raise Http404(message_id)
    shown = shown_to(request.user)
    line = lines_of([row], shown)[0]
    audit.record(
        "message.viewed", "message", str(row.public_id),
        fields=shown.looked_at("display_name", "address"), profile_id=row.profile_id,
    )  # fmt: skip
    entry = _entry(row)
    may_consents = may(request.user, "consents.view")
    context = {
        "line": line,
        "row": row,
        "why": _why(row),
        "refusal": _refusal(line, shown, may_consents=may_consents),
        "entry": entry,
        "how": act_of(entry) if entry and may_consents else "",
        "by": shown.text(source_of(entry)) if entry and may_consents else "",
        "events": [(*_event(one["name"]), one["at"]) for one in message_events(row)],
    }
    return page(
        request,
        "campaigns/message.html",
        context,
        title=_("Message to %(name)s") % {"name": line.name or _("No name yet")},
        crumbs=[(_("Engage"), None), (_("Messages"), reverse("campaigns:messages"))],
        api_call=ApiCall("GET", f"/api/messages/?person={line.person.public_id}"),
    )


def _refusal(line: MessageLine, shown: Shown, *, may_consents: bool) -> dict[str, Any] | None:
    """More of why it was not sent: in words, with the time, how it was said, and the proof.

    How somebody said it stands in the ledger, for whoever may read that.
    """
    said = line.not_sent
    words = reasons.DETAILS.get(said.detail) if said else None
    if said is None or words is None:
        return None
    entry = said.entry
    there = reasons.place_of(words.place)
    return {
        "words": words,
        "said": said,
        "how": act_of(entry) if entry and may_consents else "",
        "by": shown.text(source_of(entry)) if entry and may_consents else "",
        "until": paused_until(entry) if entry else None,
        "ledger": reverse("consent:person_ledger", args=[line.person.public_id]),
        "proof": reverse("campaigns:proof_file", args=[entry.profile_id, entry.pk])
        if entry and entry.pk in provable(CONSENTS)
        else "",
        "suppressions": reasons.place_of(SUPPRESSIONS) if said.suppression else "",
        "remedy": words.remedy,
        "remedy_url": there,
        "gone": said.suppression is None and line.row.reason == MessageReason.SUPPRESSED,
    }


def _why(row: Message) -> reasons.ReasonWords | None:
    """Whoever was merged away was frozen, too: said by its own name."""
    if row.held_until is not None:
        return reasons.HELD
    is_merged = row.reason == MessageReason.FROZEN and row.profile.merged_into_id is not None
    return reasons.MERGED if is_merged else reasons.why_of(row.reason)


def _event(name: str) -> tuple[str, str]:
    """What happened in words, and its icon."""
    return {
        "queued": (_("Queued"), "clock"),
        "sent": (_("Handed over"), "send"),
        "bounced": (_("Bounced"), "alert"),
        "machine_opened": (_("Opened by a machine"), "device"),
        "opened": (_("Opened by the person"), "eye"),
        "machine_clicked": (_("Clicked by a machine"), "device"),
        "clicked": (_("Clicked by the person"), "link"),
        "unsubscribed": (_("Unsubscribed"), "exit"),
        "complained": (_("Complained"), "ban"),
        "converted": (_("Converted"), "star"),
    }.get(name, (name, "pulse"))


def _entry(row: Message) -> ConsentEntry | None:
    if row.consent_entry_id is None:
        return None
    rows = ConsentEntry.objects.filter(profile_id=row.profile_id, id=row.consent_entry_id)
    return rows.select_related("source", "purpose", "topic").first()
