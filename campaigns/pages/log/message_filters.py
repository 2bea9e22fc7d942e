"""The log of messages, narrowed by what an address asks for."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Campaign, Message
from campaigns.models.message import MessageReason, MessageState
from campaigns.outcomes.figures import FIGURES
from campaigns.pages.reasons import DETAILS, WHY
from campaigns.people.whose import written_to
from profiles.selectors.finding import NotAPerson, as_uuid, by_public_id

MOST_DIGITS = 4  # of a number of days
# what a report's numbers open: a parameter of the address -> the rows
DID: dict[str, Q] = {
    name: FIGURES[name]
    for name in (
        "opened",
        "machine_opened",
        "clicked",
        "machine_clicked",
        "unsubscribed",
        "complained",
        "converted",
    )
} | {"left": FIGURES["sent"], "delivered": FIGURES["delivered"]}


@dataclass
class MessageFilters:
    """The filters of the address, those that name something."""

    rows: QuerySet[Message]
    kept: dict[str, str]
    words: list[tuple[str, str | Promise, str]]  # name, what it says, address without it
    campaign: Campaign | None = None
    wrong: str = ""


def asked(request: HttpRequest) -> MessageFilters:
    """Narrow the log by campaign, state, reason, person, and what came of it."""
    found = MessageFilters(Message.objects.filter(is_test=False), {}, [])
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
        (name, words, address_of({n: v for n, v in found.kept.items() if n != name}))
        for name, words, _none in found.words
    ]
    return found


def _by_campaign(found: MessageFilters, value: str) -> str | None:
    found.campaign = Campaign.objects.filter(slug=value).first()
    if found.campaign is None:
        return None
    found.rows = found.rows.filter(campaign_id=found.campaign.pk)
    return found.campaign.name


def _by_state(found: MessageFilters, value: str) -> str | None:
    if value not in MessageState.values:
        return None
    found.rows = found.rows.filter(state=value)
    return str(MessageState(value).label)


def _by_reason(found: MessageFilters, value: str) -> str | None:
    if value not in MessageReason.values:
        return None
    found.rows = found.rows.filter(reason=value)
    return str(WHY[value].label)


def _by_detail(found: MessageFilters, value: str) -> str | None:
    """More of the reason."""
    if value not in DETAILS:
        return None
    found.rows = found.rows.filter(detail=value)
    return str(DETAILS[value].label)


def _by_person(found: MessageFilters, value: str) -> str | None:
    public_id = as_uuid(value)
    if public_id is None:
        return None
    try:
        person = by_public_id(public_id)
    except NotAPerson:
        return None
    found.rows = found.rows.filter(written_to(person.pk))
    return _("One person")


def _by_did(found: MessageFilters, value: str) -> str | None:
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
        "delivered": _("Delivered"),
    }[value]


def _by_days(found: MessageFilters, value: str) -> str | None:
    """Queued in the last so many days: what a number of Home counts."""
    days = int(value) if value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS else 0
    if not days:
        return None
    found.rows = found.rows.filter(queued_at__gte=timezone.now() - timedelta(days=days))
    return ngettext("The last day", "The last %(n)s days", days) % {"n": days}


_NARROW: dict[str, Any] = {
    "campaign": _by_campaign,
    "state": _by_state,
    "reason": _by_reason,
    "detail": _by_detail,
    "person": _by_person,
    "did": _by_did,
    "days": _by_days,
}


def address_of(kept: dict[str, str]) -> str:
    """The log with these filters."""
    own = reverse("campaigns:messages")
    return f"{own}?{urlencode(kept)}" if kept else own
