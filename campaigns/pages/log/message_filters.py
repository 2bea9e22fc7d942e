"""The log of messages, narrowed by what an address asks for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Campaign, Message
from campaigns.models.message import MessageReason, MessageState
from campaigns.outcomes.figures import FIGURES
from campaigns.outcomes.measured import messages_measured
from campaigns.outcomes.parts.by_link import followed
from campaigns.outcomes.parts.by_time import WHEN, happened_in, happened_on
from campaigns.pages.reasons import DETAILS, WHY
from campaigns.people.whose import written_to
from config.console.words import day, moment
from config.workspace.zones import read_when
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
} | {
    "left": FIGURES["sent"],
    "delivered": FIGURES["delivered"],
    "bounced": FIGURES["bounced"],
    "clicked_only": FIGURES["clicked"] & ~FIGURES["converted"],
    "unknown_opened": Q(data__has_key="unknown_open", opened_at=None, machine_opened_at=None),
    "out": ~FIGURES["excluded"] & ~FIGURES["queued"],
    "writable": ~FIGURES["excluded"] | Q(reason=MessageReason.HOLDOUT),
}

MEASURED = ("measured", "unmeasured")  # asked of the ledger, of one campaign


@dataclass
class MessageFilters:
    """The filters of the address, those that name something."""

    rows: QuerySet[Message]
    kept: dict[str, str]
    words: list[tuple[str, str | Promise, str]]  # name, what it says, address without it
    campaign: Campaign | None = None
    wrong: str = ""


def asked(given: QueryDict) -> MessageFilters:
    """Narrow the log by campaign, state, reason, person, and what came of it."""
    found = MessageFilters(Message.objects.filter(is_test=False), {}, [])
    for name, narrow in _NARROW.items():
        value = given.get(name, "").replace("\x00", "")
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
    if value in MEASURED:
        return _by_measured(found, value)
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
        "bounced": _("Bounced"),
        "clicked_only": _("Clicked, and did not do the goal"),
        "unknown_opened": _("Opened by a mail app, with or without the person"),
        "out": _("Handed over, or tried"),
        "writable": _("May be written to"),
    }[value]


def _by_measured(found: MessageFilters, value: str) -> str | None:
    """The base of a campaign's rates, and who was delivered to besides."""
    if found.campaign is None:
        return None
    ids = messages_measured(found.campaign, is_measured=value == "measured")
    found.rows = found.rows.filter(pk__in=ids.raw()) if ids else found.rows.none()
    return _("Could be measured") if value == "measured" else _("Did not allow measuring")


def _by_link(found: MessageFilters, value: str) -> str | None:
    """Followed by a person, this link of the campaign's mails."""
    there = followed(found.campaign, value) if found.campaign else None
    if there is None:
        return None
    found.rows = found.rows.filter(there)
    return _("Followed %(link)s") % {"link": value}


def _by_when(found: MessageFilters, value: str) -> str | None:
    """On a day, or in the hour that begins then: what `did` says happened first."""
    name = found.kept.get("did", "")
    when = read_when(value)
    if name not in WHEN or when is None:
        return None
    if isinstance(when, datetime):
        found.rows = found.rows.filter(happened_in(name, when))
        return _("in the hour from %(at)s") % {"at": moment(when)}
    found.rows = found.rows.filter(happened_on(name, when))
    return _("on %(day)s") % {"day": day(when)}


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
    "link": _by_link,
    "when": _by_when,
    "days": _by_days,
}


def address_of(kept: dict[str, str]) -> str:
    """The log with these filters."""
    own = reverse("campaigns:messages")
    return f"{own}?{urlencode(kept)}" if kept else own
