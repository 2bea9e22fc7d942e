"""What the demo's marketers made: segments, computed traits, two campaigns, a sender."""

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


def computed(name: str, description: str, event_name: str, agg: str, **more: Any) -> Json:
    """A computed trait."""
    measure = {"agg": agg} | {key: more.pop(key) for key in ("property", "per") if key in more}
    definition = {"event": event_name, "measure": measure} | more
    return {"name": name, "description": description, "definition": definition}


PRICE_SENSITIVE, COUPON_ORDERS = 0.05, 0.5
DISCOUNT, COUPONS = "discount_share", "coupon_share"
COMPUTED_TRAITS: tuple[Json, ...] = (
    computed("spent_365d", "What they spent in a year", "Order Completed", "sum",
             property="revenue", window=YEAR),
    computed("orders_ever", "How often they ordered", "Order Completed", "count"),
    computed("days_since_order", "How long ago they ordered last", "Order Completed", "days_since"),
    computed("likes", "The kinds of things that they look at most", "Product Viewed", "top",
             property="category", window={"last": {"days": 180}}),
    computed("dislikes", "What they sent back most", "Order Refunded", "most_frequent",
             property="products.category"),
    computed("best_hour", "When they are in the shop, by their own clock", "Page Viewed", "hour",
             window={"last": {"days": 180}}),
    computed(DISCOUNT, "How much of their spend was discount", "Order Completed", "ratio",
             property="discount", per="revenue"),
    {
        "name": COUPONS,
        "description": "How many of their orders had a coupon",
        "definition": {
            "event": "Order Completed",
            "measure": {"agg": "share", "where": [{"property": "coupon", "op": "is_set"}]},
        },
    },
)  # fmt: skip
# what the field advertises as ready: each follows by itself
SEGMENTS += tuple(
    {"slug": slug, "name": name, "rule": every({"kind": "rfm", "group": group})}
    for slug, name, group in (
        ("champions", "Champions", "champions"),
        ("loyal-customers", "Loyal customers", "loyal"),
        ("needs-attention", "Need attention", "needs_attention"),
        ("hibernating", "Hibernating", "hibernating"),
    )
)
PRICE_SENSITIVE_SLUG = "price-sensitive"
SEGMENTS += (
    {
        "slug": PRICE_SENSITIVE_SLUG,
        "name": "Price-sensitive",
        "rule": {
            "match": "any",
            "conditions": [
                {"kind": "trait", "field": DISCOUNT, "op": "gte", "value": PRICE_SENSITIVE},
                {"kind": "trait", "field": COUPONS, "op": "gte", "value": COUPON_ORDERS},
            ],
        },
    },
)


AUTOMATIC = (
    *("champions", "loyal-customers", "needs-attention", "hibernating"),
    PRICE_SENSITIVE_SLUG,
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
