"""What the demo's marketers made: seven segments, two campaigns, a sender."""

from __future__ import annotations

from typing import Any

from config.demo.generator.mails import boots, winter
from config.demo.generator.truths import (
    BIG_SPEND,
    LAPSED_AFTER_DAYS,
    LOOK_DAYS,
    LOOKS,
    REGULAR_ORDERS,
)

Json = dict[str, Any]
YEAR = {"last": {"days": 365}}
SENT_SLUG, DRAFT_SLUG = "winter-care", "boots-for-tent-people"

SENDER: Json = {
    "name": "Cairnway Outdoor",
    "address": "hello@cairnway.example",
    "reply_to": "help@cairnway.example",
    "postal_address": "Cairnway Outdoor, Oudegracht 1, 3511 AA Utrecht, Netherlands",
    "default": True,
}


def event(name: str, category: str | None = None, **more: Any) -> Json:
    """A condition of kind event, on things of `category` only where one is given."""
    where = {"where": [{"property": "category", "op": "eq", "value": category}]} if category else {}
    return {"kind": "event", "name": name, **where, **more}


def every(*conditions: Json) -> Json:
    """All of these."""
    return {"match": "all", "conditions": list(conditions)}


NEVER: Json = {"count": {"op": "eq", "value": 0}}

SEGMENTS: tuple[Json, ...] = (
    {
        "slug": "tent-no-boots",
        "name": "Bought a tent, no boots",
        "rule": every(
            event("Order Completed", "tents"), event("Order Completed", "boots", **NEVER)
        ),
    },
    {
        "slug": "tent-people",
        "name": "Tent people",
        "rule": every(event("Order Completed", "tents")),
    },
    {
        "slug": "abandoned-cart",
        "name": "Abandoned cart this week",
        "rule": every(
            event(
                "Product Added",
                window={"last": {"days": 7}},
                not_since={"name": "Order Completed"},
            )
        ),
    },
    {
        "slug": "lapsing-regulars",
        "name": "Lapsing regulars",
        "rule": every(
            event("Order Completed", window=YEAR, count={"op": "gte", "value": REGULAR_ORDERS}),
            event("Order Completed", window={"last": {"days": LAPSED_AFTER_DAYS}}, **NEVER),
        ),
    },
    {
        "slug": "big-spenders",
        "name": "Big spenders",
        "rule": every(
            event(
                "Order Completed",
                window=YEAR,
                measure={"agg": "sum", "property": "revenue", "op": "gt", "value": BIG_SPEND},
            )
        ),
    },
    {
        "slug": "newsletter-indonesia",
        "name": "Newsletter readers in Indonesia",
        "rule": every(
            {"kind": "trait", "field": "profile.country", "op": "eq", "value": "ID"},
            {"kind": "trait", "field": "newsletter", "op": "is_true"},
            {"kind": "consent", "purpose": "marketing", "channel": "email", "status": "granted"},
        ),
    },
    {
        "slug": "boot-lookers",
        "name": "Boot lookers",
        "rule": every(
            event(
                "Product Viewed",
                "boots",
                window={"last": {"days": LOOK_DAYS}},
                count={"op": "gte", "value": LOOKS},
            ),
            event("Order Completed", "boots", **NEVER),
        ),
    },
)


CONTROL_SHARE = 0.1


def _mail_campaign(slug: str, name: str, segment: str, content: Json, goal: Json) -> Json:
    """A one-step campaign to the people of a segment."""
    step = {"kind": "message", "channel": "email", "purpose": "marketing", "content": content}
    return {
        "slug": slug,
        "name": name,
        "entry": {"kind": "segment", "segment": segment},
        "steps": [{"id": "mail", **step}],
        "goal": goal,
    }


def campaigns(shop_url: str) -> tuple[Json, Json]:
    """The campaign to be sent and the draft, with links to `shop_url` (with its final slash)."""
    days = {"window": {"days": 5}}
    boots_only = [{"property": "category", "op": "eq", "value": "boots"}]
    ordered = {"event": "Order Completed", **days}
    care = ("Winter care for your tent", "tent-people", winter(shop_url))
    walk = ("Boots for tent people", "tent-no-boots", boots(shop_url))
    goal = {"event": "Order Completed", "where": boots_only, **days}
    sent = _mail_campaign(SENT_SLUG, *care, ordered)
    sent["holdout"] = {"share": CONTROL_SHARE}  # so that the report can say what the mail brought
    return sent, _mail_campaign(DRAFT_SLUG, *walk, goal)
