"""What a person did and how they came together, as items of the timeline."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Q
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.console.words import is_blank
from profiles.models import Event
from profiles.people.lineage import event_places
from profiles.selectors.masking import DOTS, Shown, is_personal_name
from profiles.selectors.traits import source_names
from profiles.selectors.words import device_of, money_in, product_names, subject_of
from profiles.timeline import TIMELINE, Cursor, TimelineItem, id_below, key_of, merge

EVENTS = "event"
IDENTITY_TYPES = ("identify", "alias", "group")
MESSAGE_WORDS = ("Email ", "SMS ", "Push ", "Message ")
ORDER_WORDS = ("Order ", "Checkout ", "Payment ")
COLUMNS = ("id", "type", "name", "occurred_at", "source_id", "value", "properties", "context")
PAGE_NAMES = ("Page Viewed", "Screen Viewed")
PRODUCT_NAME = "Product Viewed"
LIST_NAMES = ("Product List Viewed", "Products Searched")
# what became of a message, as one says it; the name of the campaign follows
MESSAGE_ACTS = {
    "Email Delivered": gettext_lazy("Delivered {}"),
    "Email Opened": gettext_lazy("Opened {}"),
    "Email Link Clicked": gettext_lazy("Clicked {}"),
    "Email Bounced": gettext_lazy("Bounced {}"),
    "Email Marked as Spam": gettext_lazy("Called {} spam"),
    "Unsubscribed": gettext_lazy("Unsubscribed from {}"),
}
SAID_ALREADY = ("value", "total", "revenue", "price", "currency")
SHORT_TEXT = 80
SHOWN_FACTS = 3
SHORT_NAMES = 6


def kind_of(event_type: str, name: str) -> str:
    """Under which tab an event stands."""
    if event_type in IDENTITY_TYPES:
        return "identity"
    if name.startswith(ORDER_WORDS):
        return "orders"
    return "messages" if name.startswith(MESSAGE_WORDS) else "web"


def _starting(words: tuple[str, ...]) -> Q:
    query = Q()
    for word in words:
        query |= Q(name__startswith=word)
    return query


def _of_kinds(kinds: Collection[str]) -> Q:
    """The events of these kinds; of all where none is given."""
    if not kinds:
        return Q()
    identity = Q(type__in=IDENTITY_TYPES)
    orders, messages = _starting(ORDER_WORDS), _starting(MESSAGE_WORDS)
    each = {
        "identity": identity,
        "orders": orders & ~identity,
        "messages": messages & ~identity,
        "web": ~(identity | orders | messages),
    }
    query = Q(pk__in=[])
    for kind in kinds:
        query |= each.get(kind, Q(pk__in=[]))
    return query


def events_before(profile_id: int, before: Cursor | None, limit: int, query: Q) -> list[Any]:
    """The newest rows of one owner before the cursor, by the key of the table."""
    rows = Event.objects.filter(query, profile_id=profile_id)
    if before is not None:
        at, number = before[0], id_below(before, EVENTS)
        # the first condition is what prunes the months
        rows = rows.filter(occurred_at__lte=at)
        rows = rows.filter(Q(occurred_at__lt=at) | Q(occurred_at=at, id__lt=number))
    return list(rows.order_by("-occurred_at", "-id").values(*COLUMNS)[:limit])


@TIMELINE.register("events", order=10)
def events(
    profile_id: int, before: Cursor | None, limit: int, kinds: Collection[str]
) -> list[TimelineItem]:
    """Every call of this person; two queries and one for each id not yet rewritten."""
    if kinds and not {"web", "orders", "messages", "identity"} & set(kinds):
        return []
    sources, query = source_names(), _of_kinds(kinds)
    parts = [
        [_event_item(row, sources) for row in events_before(owner, before, limit, query)]
        for owner in event_places(profile_id)
    ]
    return merge(parts, limit)


def _event_item(row: Mapping[str, Any], sources: Mapping[int, str]) -> TimelineItem:
    kind = kind_of(row["type"], row["name"])
    title, detail = _words_of(row)
    device = device_of(row["context"])
    properties = row["properties"] or {}
    is_product = row["name"] == PRODUCT_NAME
    is_view = is_product or row["name"] in PAGE_NAMES or row["name"] in LIST_NAMES
    item = TimelineItem(
        at=row["occurred_at"],
        key=key_of(EVENTS, row["id"]),
        kind=kind,
        icon=_icon_of(row, kind, device),
        tone=_tone_of(row),
        title=title,
        detail=detail,
        source=sources.get(row["source_id"], ""),
        properties=row["properties"] or None,
        subject=_subject(row["name"], properties) if is_view else "",
        thing="product" if is_product else "page",
        fold=f"view:{row['source_id']}:{device}" if is_view else "",
    )

    def retell(shown: Shown) -> TimelineItem:
        masked = shown.properties(row["type"], properties, row["name"])
        told = {**row, "name": shown.event(row["name"]), "properties": masked}
        return _event_item(told, sources)

    return replace(item, retell=retell)


def _icon_of(row: Mapping[str, Any], kind: str, device: str) -> str:
    if row["type"] in IDENTITY_TYPES:
        return "users"
    if kind == "orders":
        return "bag"
    if kind == "messages":
        return "mail"
    return "device" if device in ("phone", "tablet") or row["type"] == "screen" else "globe"


def _tone_of(row: Mapping[str, Any]) -> Any:
    if row["name"] == "Order Completed":
        return "good"
    return "no" if row["name"] in ("Order Cancelled", "Order Refunded", "Payment Failed") else ""


def _words_of(row: Mapping[str, Any]) -> tuple[str, str]:
    properties = row["properties"] or {}
    if row["name"] in PAGE_NAMES:
        return format_html(_("Viewed {}"), _bold(subject_of(properties))), str(
            properties.get("path") or properties.get("category") or ""
        )[:SHORT_TEXT]
    if row["type"] == "identify":
        names = ", ".join(list(properties)[:SHORT_NAMES])
        return format_html("<b>{}</b>", _("Told us who they are")), names
    if row["type"] == "alias":
        return format_html("<b>{}</b>", _("Took a new id")), ""
    if row["type"] == "group":
        return format_html("<b>{}</b>", _("Belongs to a group")), _facts(properties)
    campaign = properties.get("campaign_name")
    if row["name"] in MESSAGE_ACTS and isinstance(campaign, str) and campaign:
        act = format_html(str(MESSAGE_ACTS[row["name"]]), _bold(campaign[:SHORT_TEXT]))
        told = (properties.get(name) for name in ("link_url", "url", "reason"))
        return act, str(next(filter(None, told), ""))[:SHORT_TEXT]
    amount = money_in(properties, row["value"])
    facts = _facts(properties, SAID_ALREADY if amount else ())
    return format_html("<b>{}</b> {}", row["name"], amount), facts


def _subject(name: str, properties: Mapping[str, Any]) -> str:
    """What a view was of; a list of products is its category."""
    listed = properties.get("category") if name in LIST_NAMES else None
    return str(listed)[:SHORT_TEXT] if listed else subject_of(properties)


def _bold(text: str) -> str:
    return format_html("<b>{}</b>", text)


def _facts(properties: Mapping[str, Any], said: Collection[str] = ()) -> str:
    """A line on what it was about: products and order number, else the first plain facts."""
    products, order = product_names(properties), properties.get("order_id")
    if "product_id" in properties or "sku" in properties:
        told = (str(properties.get(name) or "") for name in ("name", "product_id", "sku"))
        products = [next((text for text in told if not is_blank(text)), "")[:SHORT_TEXT]]
    if products or order:
        number = _("order %(number)s") % {"number": str(order)[:SHORT_TEXT]} if order else ""
        return " · ".join(filter(None, (", ".join(products), number)))
    return " · ".join(
        f"{name}: {str(value)[:SHORT_TEXT]}"
        for name, value in list(properties.items())
        if isinstance(value, str | int | float)
        and not is_blank(str(value))
        and value != DOTS
        and not is_personal_name(name)
        and name not in said
    )[: SHORT_TEXT * SHOWN_FACTS]


def count_events(profile_id: int, most: int = 10_000) -> int:
    """How many events there are of a person, counted up to `most` + 1. Two queries."""
    rows = Event.objects.filter(profile_id__in=event_places(profile_id)).order_by()
    return rows.values("pk")[: most + 1].count()
