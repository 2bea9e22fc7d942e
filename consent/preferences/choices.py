"""The switches of the preference page: what a person may choose, and how each choice stands."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from consent.channels import contact_kind
from consent.ledger.fitting import PermissionAsked, answers_of
from consent.masking import masked
from consent.models import ConsentEntry, Purpose, Topic
from consent.models.ledger import ConsentStatus
from consent.models.purpose import MARKETING, MEASURING, PERSONALISATION, SHARING
from consent.suppression.withdrawing import (
    EVERY_CHANNEL,
)
from profiles.identifiers.addresses import best_of_kinds

GPC_CHOICE = f"use-{SHARING}"


@dataclass(frozen=True)
class Visitor:
    """Whom a link was made for: the person of today, and the address that it went to."""

    profile_id: int
    address: str
    channel: str


@dataclass(frozen=True)
class Option:
    """One switch. `entry` is the statement that it rests on, None where nothing was said."""

    name: str
    group: str  # topics, channels, uses
    title: str
    detail: str
    purpose_id: int
    channel: str
    contact_point: str
    topic_id: int | None
    on: bool = False
    entry: ConsentEntry | None = None
    fixed: bool = False
    needs_statement: bool = False  # shown only where something was said
    hint: str = ""  # the address, masked

    @property
    def wording(self) -> str:
        """What it says, without the address."""
        return "\n".join(text for text in (self.title, self.detail) if text)


def choices_of(visitor: Visitor, *, gpc: bool = False) -> list[Option]:
    """Every switch of the page; five queries."""
    purposes = list(Purpose.objects.filter(archived_at=None))
    choices = [
        *_topics(visitor, purposes),
        *_channels(visitor, purposes),
        *_uses(visitor, purposes),
    ]
    answered = [
        replace(
            choice,
            entry=entry,
            on=_is_on(entry) and not (gpc and choice.name == GPC_CHOICE),
            fixed=gpc and choice.name == GPC_CHOICE,
        )
        for choice, entry in zip(choices, _answers(visitor, choices), strict=True)
    ]
    return [one for one in answered if one.entry is not None or not one.needs_statement]


def _answers(visitor: Visitor, choices: Sequence[Option]) -> list[ConsentEntry | None]:
    asked = [
        PermissionAsked(one.purpose_id, one.channel, one.contact_point, one.topic_id or 0)
        for one in choices
    ]
    return answers_of(visitor.profile_id, asked)


def _topics(visitor: Visitor, purposes: Sequence[Purpose]) -> list[Option]:
    rows = []
    topics = list(Topic.objects.filter(archived_at=None))
    for purpose in purposes:
        if purpose.purpose_class != Purpose.Class.MARKETING:
            continue
        own: list[Topic | None] = [topic for topic in topics if topic.purpose_id == purpose.pk]
        for topic in own or [None]:
            shown: Topic | Purpose = topic or purpose
            rows.append(
                Option(
                    name=f"topic-{topic.pk}" if topic else f"purpose-{purpose.pk}",
                    group="topics",
                    title=shown.name
                    if topic or not purpose.is_ready_made
                    else _("News and offers"),
                    detail=shown.description if topic or not purpose.is_ready_made else "",
                    purpose_id=purpose.pk,
                    channel=visitor.channel,
                    contact_point=visitor.address,
                    topic_id=topic.pk if topic else None,
                )
            )
    return rows


def _channels(visitor: Visitor, purposes: Sequence[Purpose]) -> list[Option]:
    """Other ways to reach the person, where an address is known or something was said."""
    marketing = next((p for p in purposes if p.slug == MARKETING), None)
    if marketing is None:
        return []
    words = {
        "sms": _("Text messages"),
        "whatsapp": _("WhatsApp"),
        "push": _("Notifications in our app"),
    }
    kinds = {contact_kind(channel) for channel in words}
    best = best_of_kinds([visitor.profile_id], sorted(kinds))[visitor.profile_id]
    known = {kind: one.value for kind, one in best.items() if one.is_usable}
    found = []
    for channel, title in words.items():
        if channel == visitor.channel:
            continue
        point = known.get(contact_kind(channel), "")
        found.append(
            Option(
                name=f"channel-{channel}",
                group="channels",
                title=title,
                hint=masked(point) if point and channel != "push" else "",
                detail="",
                purpose_id=marketing.pk,
                channel=channel,
                contact_point=point,
                topic_id=None,
                needs_statement=not point or channel == "whatsapp",
            )
        )
    return found


def _uses(visitor: Visitor, purposes: Sequence[Purpose]) -> list[Option]:
    words = {
        MEASURING: (
            _("See which mails are opened and clicked"),
            visitor.channel,
            visitor.address,
        ),
        PERSONALISATION: (_("Suggest things that fit you"), EVERY_CHANNEL, ""),
        SHARING: (_("Share with advertisers"), EVERY_CHANNEL, ""),
    }
    rows = []
    for purpose in purposes:
        if purpose.slug not in words:
            continue
        title, channel, point = words[purpose.slug]
        rows.append(
            Option(
                name=f"use-{purpose.slug}",
                group="uses",
                title=title,
                detail="",
                purpose_id=purpose.pk,
                channel=channel,
                contact_point=point,
                topic_id=None,
            )
        )
    return rows


def _is_on(entry: ConsentEntry | None) -> bool:
    return entry is not None and entry.status == ConsentStatus.GRANTED
