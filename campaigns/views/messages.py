"""The log of messages: what was sent to whom, what was not, and why."""

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from campaigns.models import Campaign, Message
from campaigns.models.message import Reason, State
from campaigns.selectors.messages import message_events
from campaigns.views.reasons import WHY
from config.console.pages import ApiCall, page, part, wants_partial
from config.workspace import audit
from config.workspace.permissions import may, requires
from consent.models import ConsentEntry
from profiles.models import Profile
from profiles.selectors.masking import Shown
from profiles.selectors.people import BadCursor, decode_cursor, encode_cursor
from profiles.selectors.traits import taken_in

PAGE_SIZE = 50
# state -> (chip, icon)
LOOKS: dict[str, tuple[str, str]] = {
    State.QUEUED: ("brand", "clock"),
    State.HANDING_OVER: ("brand", "send"),
    State.SENT: ("ok", "ok"),
    State.DELIVERED: ("ok", "okc"),
    State.BOUNCED: ("bad", "alert"),
    State.FAILED: ("bad", "alert"),
    State.UNKNOWN: ("warn", "q"),
    State.EXCLUDED: ("", "ban"),
    State.CANCELLED: ("", "x"),
}
# what a report's numbers open: a parameter of the address -> the rows
DID: dict[str, Q] = {
    "opened": Q(opened_at__isnull=False),
    "machine_opened": Q(opened_at=None, machine_opened_at__isnull=False),
    "clicked": Q(clicked_at__isnull=False),
    "machine_clicked": Q(clicked_at=None, machine_clicked_at__isnull=False),
    "unsubscribed": Q(unsubscribed_at__isnull=False),
    "complained": Q(complained_at__isnull=False),
    "converted": Q(converted_at__isnull=False),
    "left": Q(sent_at__isnull=False),
}


@dataclass(frozen=True)
class Line:
    """One row: the message, and how it is said."""

    row: Message
    name: str
    address: str
    campaign: str
    campaign_slug: str
    look: tuple[str, str]
    why: str | Promise
    url: str


def shown_to(request: HttpRequest) -> Shown:
    """How this user sees names and addresses."""
    return Shown(may(request.user, "people.personal"))  # type: ignore[arg-type]


def kind_of(channel: str) -> str:
    """Which kind of identifier an address on this channel is."""
    return (
        "email" if channel == "email" else "phone" if channel in ("sms", "whatsapp", "call") else ""
    )


def word_of(row: Message) -> str:
    """What the provider said, where it did."""
    return str(row.data.get("word") or "")


def why_of(row: Message) -> str | Promise:
    """The reason in words: ours, or the provider's."""
    if row.reason in WHY:
        return WHY[row.reason].label
    return word_of(row) or row.reason


def lines_of(rows: list[Message], shown: Shown) -> list[Line]:
    """The rows as they are said; one query for the campaigns, none for each."""
    wanted = {row.campaign_id for row in rows if row.campaign_id}
    named = {c.pk: c for c in Campaign.objects.filter(pk__in=wanted).only("slug", "name")}
    return [_line(row, named.get(row.campaign_id or 0), shown) for row in rows]


def _line(row: Message, campaign: Campaign | None, shown: Shown) -> Line:
    return Line(
        row,
        shown.name(row.profile.display_name),
        shown.identifier(kind_of(row.channel), row.address) if row.address else "",
        campaign.name if campaign else "",
        campaign.slug if campaign else "",
        LOOKS.get(row.state, ("", "mail")),
        why_of(row),
        reverse("campaigns:message", args=[row.profile_id, row.pk]),
    )


@dataclass
class Asked:
    """The filters of the address, those that name something."""

    rows: QuerySet[Message]
    kept: dict[str, str]
    words: list[tuple[str, str | Promise, str]]  # name, what it says, address without it
    campaign: Campaign | None = None
    wrong: str = ""


def asked(request: HttpRequest) -> Asked:
    """Narrow the log by campaign, state, reason, person, and what came of it."""
    found = Asked(Message.objects.filter(is_test=False), {}, [])
    for name, narrow in _NARROW.items():
        value = request.GET.get(name, "").replace("\x00", "")
        if not value:
            continue
        found.kept[name] = value
        words = narrow(found, value)
        if words is None:
            found.wrong = value
            found.rows = found.rows.none()
        else:
            found.words.append((name, words, ""))
    found.words = [
        (name, words, _address({n: v for n, v in found.kept.items() if n != name}))
        for name, words, _none in found.words
    ]
    return found


def _by_campaign(found: Asked, value: str) -> str | None:
    found.campaign = Campaign.objects.filter(slug=value).first()
    if found.campaign is None:
        return None
    found.rows = found.rows.filter(campaign_id=found.campaign.pk)
    return found.campaign.name


def _by_state(found: Asked, value: str) -> str | None:
    if value not in State.values:
        return None
    found.rows = found.rows.filter(state=value)
    return str(State(value).label)


def _by_reason(found: Asked, value: str) -> str | None:
    if value not in Reason.values:
        return None
    found.rows = found.rows.filter(reason=value)
    return str(WHY[value].label)


def _by_person(found: Asked, value: str) -> str | None:
    try:
        person = Profile.objects.filter(public_id=uuid.UUID(value)).first()
    except ValueError:
        return None
    if person is None:
        return None
    found.rows = found.rows.filter(profile_id__in=taken_in(person.pk))
    return _("One person")


def _by_did(found: Asked, value: str) -> str | None:
    if value not in DID:
        return None
    found.rows = found.rows.filter(DID[value])
    return {
        "opened": _("Opened by a person"),
        "machine_opened": _("Opened by a machine"),
        "clicked": _("Clicked by a person"),
        "machine_clicked": _("Clicked by a machine"),
        "unsubscribed": _("Unsubscribed"),
        "complained": _("Complained"),
        "converted": _("Converted"),
        "left": _("Handed over"),
    }[value]


_NARROW: dict[str, Any] = {
    "campaign": _by_campaign,
    "state": _by_state,
    "reason": _by_reason,
    "person": _by_person,
    "did": _by_did,
}


def _address(kept: dict[str, str]) -> str:
    own = reverse("campaigns:messages")
    return f"{own}?{urlencode(kept)}" if kept else own


@requires("messages.view")
def messages_page(request: HttpRequest) -> HttpResponse:
    """The newest first, by cursor."""
    found = asked(request)
    try:
        before = decode_cursor(request.GET["before"]) if "before" in request.GET else None
    except BadCursor:
        before = None
    leaf = _leaf(found.rows, before)
    more, leaf = len(leaf) > PAGE_SIZE, leaf[:PAGE_SIZE]
    next_url = ""
    if more:
        cursor = encode_cursor(leaf[-1].queued_at, leaf[-1].pk)
        next_url = _address({**found.kept, "before": cursor})
    context = {
        "lines": lines_of(leaf, shown_to(request)),
        "asked": found,
        "states": State.choices,
        "reasons": [(key, why.label) for key, why in WHY.items()],
        "page": {"next_url": next_url},
        "any": bool(leaf or found.kept) or Message.objects.exists(),
        "personal": shown_to(request).personal,
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


def _leaf(rows: QuerySet[Message], before: tuple[Any, str] | None) -> list[Message]:
    if before is not None and before[1].isdecimal():
        at, number = before[0], int(before[1])
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
    shown = shown_to(request)
    line = lines_of([row], shown)[0]
    audit.record(
        "message.viewed", "message", str(row.public_id),
        fields=["display_name", "address"] if shown.personal else [], profile_id=row.profile_id,
    )  # fmt: skip
    context = {
        "line": line,
        "row": row,
        "why": WHY.get(row.reason),
        "word": word_of(row),
        "entry": _entry(row),
        "events": message_events(row),
        "may_consents": may(request.user, "consents.view"),  # type: ignore[arg-type]
    }
    return page(
        request,
        "campaigns/message.html",
        context,
        title=_("Message to %(name)s") % {"name": line.name or _("No name yet")},
        crumbs=[(_("Engage"), None), (_("Messages"), reverse("campaigns:messages"))],
        api_call=ApiCall("GET", f"/api/messages/?person={row.profile.public_id}"),
    )


def _entry(row: Message) -> ConsentEntry | None:
    if row.consent_entry_id is None:
        return None
    rows = ConsentEntry.objects.filter(profile_id=row.profile_id, id=row.consent_entry_id)
    return rows.select_related("source", "purpose", "topic").first()
