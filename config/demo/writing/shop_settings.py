"""The shop's settings: name, currency and rates, sender, topics, segments, the draft."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import sin
from typing import Any

from django.conf import settings
from django.utils import timezone

from campaigns.composition.senders import create_sender
from campaigns.models import Campaign, Sender
from campaigns.services.drafts import create_campaign
from config.demo.generator.content import (
    COMPUTED_TRAITS,
    COUPONS,
    DISCOUNT,
    DRAFT_SLUG,
    SEGMENTS,
    SENDER,
    SENT_SLUG,
    campaigns,
)
from config.demo.generator.world.catalogue import USD_FOR_EUR
from config.demo.generator.world.sources import TILL, WEB
from config.workspace.models import User, Workspace
from config.workspace.selectors import forget_workspace
from consent.banner.saving import save_banner
from consent.banner.texts import usual_texts
from consent.models import Banner, Policy, Purpose, Topic
from consent.policy.changing import change_policy
from profiles.ingest.inbox import accept
from profiles.models import ExchangeRate, FieldTag, Sensitivity, Source
from profiles.personal.names import FieldPlace
from profiles.personal.tags import forget_tags
from segments.insight.computed.saving import create_trait
from segments.models import ComputedTrait, Segment
from segments.services import create_segment

NAME, CURRENCY, TIME_ZONE, COUNTRY = "Cairnway Outdoor", "EUR", "Europe/Amsterdam", "NL"
WEEK = timedelta(days=7)
REPAIRS = "repairs@cairnway.example"
FORGETFUL_TILL = 4  # calls
ASKED = ("measuring", "personalisation", "sharing-for-ads")  # by the web shop's banner
TOPICS = (
    ("new-arrivals", "New arrivals", "What came in, before it is in the window."),
    ("restock", "Restock", "Your size is back."),
    ("care-and-repair", "Care and repair", "How things last; repair days in the stores."),
    ("club-walks", "Club walks", "Walks with our clubs near you."),
)
# what the shop's own names hold, as its admin said: those that no list of usual names knows
TAGS = (
    (FieldPlace.PROPERTY, "query", False),  # words that people look for in the shop
    (FieldPlace.PROPERTY, "reviews", False),  # how many a product has
    (FieldPlace.PROPERTY, "review_body", True),  # what somebody wrote
    (FieldPlace.PROPERTY, "reason", True),  # why a mail bounced, which may quote the address
    (FieldPlace.IDENTIFIER, "loyalty_card", True),  # a number of one person
    # what the shop works out of its people: of no use to find anybody by
    *((FieldPlace.TRAIT, said["name"], False) for said in COMPUTED_TRAITS),
)
# what it concludes of people: asked of nobody who objects to profiling
CONCLUDED = ("likes", "dislikes", "best_hour", DISCOUNT, COUPONS)


# what the shop's officer said of the policy table: soft opt-in where a sale is on record, and no
# pixel in France
_SOFT = {"bases": ["consent", "soft_opt_in"], "soft_opt_in_evidence": True}
POLICIES: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("soft-opt-in", {"is_on": True}, "Till and checkout offer the way out with each sale."),
    ("eea-soft-opt-in", {"is_on": True}, "Till and checkout offer the way out with each sale."),
    ("gb-soft-opt-in", {"is_on": True}, "Till and checkout offer the way out with each sale."),
    ("id-marketing", {"terms": _SOFT}, "Our counsel in Jakarta: a sale is ground enough."),
    ("fr-tracking", {"terms": {"open_tracking": "off"}}, "No pixel until our form asks for it."),
    ("unknown", {"terms": {"open_tracking": "off"}}, "They may live in France."),
)


def settle_policies() -> None:
    """Each once: what somebody changed since stays."""
    for slug, values, why in POLICIES:
        row = Policy.objects.get(slug=slug)
        if row.version == 1:
            terms = {"terms": row.terms | values["terms"]} if "terms" in values else {}
            change_policy(row, values | terms, why=why)


def furnish_workspace() -> None:
    """Name, currency and zone; topics, tags, policies and sender where they are missing."""
    Workspace.objects.filter(pk=1).update(
        name=NAME, currency=CURRENCY, time_zone=TIME_ZONE, country=COUNTRY
    )
    forget_workspace()
    marketing = Purpose.objects.get(slug="marketing")
    for position, (slug, name, description) in enumerate(TOPICS):
        Topic.objects.get_or_create(
            slug=slug,
            defaults={
                "purpose": marketing,
                "name": name,
                "description": description,
                "position": position,
            },
        )
    for place, name, is_personal in TAGS:
        said: dict[str, Any] = {"is_personal": is_personal}
        if name in CONCLUDED:
            said["sensitivity"] = Sensitivity.SCORE
        FieldTag.objects.get_or_create(place=place.value, name=name, defaults=said)
    forget_tags()
    settle_policies()
    if not Sender.objects.filter(address=SENDER["address"]).exists():
        said = {name: value for name, value in SENDER.items() if name != "default"}
        create_sender(**said, is_default=True)


def ensure_banner() -> None:
    """The web shop asks its visitors before it counts them; what somebody made of it stays."""
    shop = Source.objects.get(name=WEB)
    if Banner.objects.filter(source=shop).exists():
        return
    asked = list(Purpose.objects.filter(slug__in=ASKED, archived_at=None))
    slugs = [one.slug for one in asked]
    texts = {code: usual_texts(code, asked) for code, _name in settings.LANGUAGES}
    save_banner(source=shop, purposes=slugs, texts=texts, is_on=True)


def dollar_on(monday: datetime) -> float:
    """What a dollar was worth in euros in the week of that day: it wanders a little."""
    week = monday.timestamp() / WEEK.total_seconds()
    return round(1 / USD_FOR_EUR + 0.018 * sin(week / 8) + 0.006 * sin(week / 2.3), 4)


def ensure_rates(start: datetime, end: datetime) -> None:
    """A dollar's rate of each week from before `start` to `end`; those that are there stay."""
    monday = start.astimezone(UTC) - timedelta(days=start.astimezone(UTC).weekday())
    day = monday.replace(hour=0, minute=0, second=0, microsecond=0) - WEEK
    rows = []
    while day <= end:
        rows.append(ExchangeRate(currency="USD", day=day.date(), rate=dollar_on(day)))
        day += WEEK
    ExchangeRate.objects.bulk_create(rows, ignore_conflicts=True)


def ensure_segments() -> None:
    """The shop's computed traits and segments; `due work` counts them."""
    known = set(ComputedTrait.objects.values_list("name", flat=True))
    for one in COMPUTED_TRAITS:
        if one["name"] not in known:
            create_trait(**one)
    there = set(Segment.objects.values_list("slug", flat=True))
    for said in SEGMENTS:
        if said["slug"] not in there:
            create_segment(**said)


def shop_url() -> str:
    """Where the mails' links lead."""
    return f"{settings.BASE_URL}/demo/shop/"


def ensure_campaign(slug: str, marketer: User | None) -> Campaign:
    """The campaign to be sent or the draft, made where it is missing."""
    there = Campaign.objects.filter(slug=slug).first()
    if there is not None:
        return there
    sent, draft = campaigns(shop_url())
    said = {SENT_SLUG: sent, DRAFT_SLUG: draft}[slug]
    return create_campaign(said, user=marketer)


def worth(at: int, amount: float, currency: str) -> float:
    """`amount` at `at` (ms since 1970) in euros, by the table that `ensure_rates` writes."""
    if currency == CURRENCY:
        return amount
    day = datetime.fromtimestamp(at / 1000, UTC)
    monday = day - timedelta(days=day.weekday())
    return amount * dollar_on(monday.replace(hour=0, minute=0, second=0, microsecond=0))


def leave_something_to_do() -> None:
    """Two things that need somebody: a till whose calls name nobody, a sender without a place."""
    till = Source.objects.get(name=TILL)
    accept(till, [_nameless_sale(number) for number in range(FORGETFUL_TILL)])
    if not Sender.objects.filter(address=REPAIRS).exists():
        create_sender(name="Cairnway Repairs", address=REPAIRS)


def _nameless_sale(number: int) -> dict[str, Any]:
    """The card was not shown, and the till sends the call all the same."""
    return {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"till-utrecht-{number}",
        "timestamp": timezone.now().isoformat(),
        "properties": {"order_id": f"UT-{4_310 + number}", "revenue": 25.0, "currency": "EUR"},
    }
