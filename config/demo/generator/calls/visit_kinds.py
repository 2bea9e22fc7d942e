"""What happens in each kind of visit. `KINDS` maps the kind of a `Visit` to its story."""

# ruff: noqa: PLR2004 - chances are said where they are used

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from config.demo.generator.calls.orders import Order, make_order
from config.demo.generator.calls.scribe import BACKEND, Body, Scribe
from config.demo.generator.calls.traits import account, from_crm, from_till, sign_up
from config.demo.generator.world.catalogue import (
    BY_ID,
    SEARCHES,
    VIEWED,
    Product,
    bought,
    looked_at,
    season_category,
)
from config.demo.generator.world.clock import DAY, HOUR, MINUTE, SECOND, iso, month
from config.demo.generator.world.randomness import between, poisson
from config.demo.generator.world.sources import CRM, TILL

TASTE_SHARE = 0.45
SEARCH_SHARE, HOME_SHARE, CHECKOUT_SHARE = 0.3, 0.6, 0.4
PAGE_SHARE = 0.4  # the list opens many products in place, without a page of their own
CANCEL_SHARE, REFUND_SHARE, REVIEW_SHARE, TILL_FORM_SHARE = 0.04, 0.08, 0.12, 0.3
HELD_BACK = 2 * SECOND  # the shop's server reports an order shortly after the click
REVIEWS = ("Kept us dry.", "Good, a bit heavy.", "Would buy again.", "Runs small.", "Sturdy.")


def _category(scribe: Scribe) -> str:
    wish = scribe.visit.wish
    if wish:
        return BY_ID[wish].category
    if scribe.rng.random() < TASTE_SHARE:
        return scribe.person.taste
    return season_category(scribe.rng, month(scribe.now))


def _wanted(scribe: Scribe, category: str) -> Product:
    wish = scribe.visit.wish
    return BY_ID[wish] if wish else bought(scribe.rng, category)


def _viewed(product: Product, scribe: Scribe) -> Body:
    return VIEWED[product.product_id, scribe.currency]


def browse(scribe: Scribe) -> str:
    """Come in, search or list, open some products. Returns the category looked at."""
    rng, category = scribe.rng, _category(scribe)
    if rng.random() < HOME_SHARE:
        scribe.view("Home", "/")
    if rng.random() < SEARCH_SHARE:
        words = SEARCHES[category]
        scribe.track("Products Searched", {"query": words[int(rng.random() * len(words))]})
    else:
        scribe.track("Product List Viewed", {"list_id": f"all-{category}", "category": category})
    for _ in range(1 + poisson(rng, 1.2)):
        product = looked_at(rng, category)
        if rng.random() < PAGE_SHARE:
            scribe.view(product.name, product.path)
        scribe.track("Product Viewed", _viewed(product, scribe))
    return category


def _cart_id(scribe: Scribe) -> str:
    return f"cart-{scribe.visit.number}-{scribe.visit.key}"


def _add(scribe: Scribe, product: Product, quantity: int) -> None:
    added = {**_viewed(product, scribe), "quantity": quantity, "cart_id": _cart_id(scribe)}
    scribe.track("Product Added", added)


def _checkout(scribe: Scribe, value: float) -> None:
    started = {"cart_id": _cart_id(scribe), "value": value, "currency": scribe.currency}
    scribe.view("Checkout", "/checkout")
    scribe.track("Checkout Started", started)


def cart(scribe: Scribe) -> None:
    """Put something into the cart, perhaps begin to pay, and leave."""
    product = _wanted(scribe, browse(scribe))
    _add(scribe, product, 1)
    if scribe.rng.random() < CHECKOUT_SHARE:
        _checkout(scribe, product.price(scribe.currency))


def _order(scribe: Scribe, category: str, channel: str) -> Order:
    order_id = f"CO-{scribe.visit.number}-{scribe.visit.key}"
    main = _wanted(scribe, category)
    return make_order(
        scribe.rng, order_id, main, currency=scribe.currency, channel=channel, coupon=None
    )


def order(scribe: Scribe) -> None:
    """Buy on the web, in the app, or (without a device) by telephone."""
    channel = "telephone" if scribe.device is None else "app" if scribe.is_app else "web"
    category = browse(scribe) if scribe.device else _category(scribe)
    placed = _order(scribe, category, channel)
    if scribe.device is not None:
        scribe.track("Product Viewed", _viewed(placed.lines[0][0], scribe))
        for product, quantity in placed.lines:
            _add(scribe, product, quantity)
        _checkout(scribe, placed.subtotal)
        scribe.now += 2 * MINUTE
    completed = placed.completed()
    scribe.server("track", event="Order Completed", properties=completed, at=scribe.now + HELD_BACK)
    _aftermath(scribe, placed, completed)


def till(scribe: Scribe) -> None:
    """Buy in a store, with the card or the app shown at the counter."""
    _till_sale(scribe, {"userId": scribe.person.user_id})
    if scribe.rng.random() < TILL_FORM_SHARE:
        traits = from_till(scribe.rng, scribe.person)
        scribe.server("identify", source=TILL, traits=traits, at=scribe.now + MINUTE)


def card(scribe: Scribe) -> None:
    """Buy in a store and take a loyalty card, before there is an account."""
    ids = {"anonymousId": f"till-{scribe.person.card}"}
    _till_sale(scribe, ids)
    scribe.server(
        "identify", source=TILL, ids=ids, traits=from_till(scribe.rng, scribe.person),
        context=_card_context(scribe), at=scribe.now + MINUTE,
    )  # fmt: skip


def _card_context(scribe: Scribe) -> Body:
    external = {"id": scribe.person.card, "type": "loyalty_card"}
    return {**BACKEND, "externalIds": [{**external, "collection": "users", "encoding": "none"}]}


def _till_sale(scribe: Scribe, ids: Body) -> None:
    store(scribe, ids)
    scribe.wait(600)
    placed = _order(scribe, _category(scribe), "store")
    completed = {**placed.completed(), "store": _store_name(scribe)}
    scribe.server("track", source=TILL, ids=ids, event="Order Completed", properties=completed)
    if scribe.rng.random() < REFUND_SHARE:
        _refund(scribe, placed, completed["total"], source=TILL, ids=ids)


def _store_name(scribe: Scribe) -> str:
    return scribe.person.city.store or "Cairnway Utrecht"


def store(scribe: Scribe, ids: Body | None = None) -> None:
    """Come into a store."""
    visited = {"store": _store_name(scribe), "city": _store_name(scribe).split()[-1]}
    scribe.server("track", source=TILL, ids=ids, event="Store Visited", properties=visited)


def _aftermath(scribe: Scribe, placed: Order, completed: Body) -> None:
    chance = scribe.rng.random()
    if chance < CANCEL_SHARE:
        at = scribe.now + int(between(scribe.rng, 0.5, 20) * HOUR)
        gone = {k: completed[k] for k in ("order_id", "total", "revenue", "currency", "category")}
        scribe.server("track", event="Order Cancelled", properties=gone, at=at)
    elif chance < CANCEL_SHARE + REFUND_SHARE:
        _refund(scribe, placed, completed["total"])
    elif chance > 1 - REVIEW_SHARE:
        _review(scribe, placed)


def _refund(scribe: Scribe, placed: Order, total: float, **how: Any) -> None:
    """All of it, or only the main thing, 3 to 25 days later; `total` is what goes back."""
    whole = len(placed.lines) == 1 or scribe.rng.random() < 0.6
    back = total if whole else round(placed.lines[0][0].price(placed.currency) * 0.9, 2)
    returned = placed.products() if whole else placed.products()[:1]
    said = {"order_id": placed.order_id, "total": back, "currency": placed.currency}
    at = scribe.now + int(between(scribe.rng, 3, 25) * DAY)
    properties = {**said, "category": placed.category, "products": returned}
    scribe.server("track", event="Order Refunded", properties=properties, at=at, **how)


def _review(scribe: Scribe, placed: Order) -> None:
    product, rng = placed.lines[0][0], scribe.rng
    rating = min(5, max(1, round(product.rating + between(rng, -1.2, 0.9))))
    said = {
        "product_id": product.product_id,
        "review_id": f"rev-{placed.order_id}",
        "rating": rating,
        "review_body": REVIEWS[int(rng.random() * len(REVIEWS))],
    }
    at = scribe.now + int(between(rng, 7, 30) * DAY)
    scribe.server("track", event="Product Reviewed", properties=said, at=at)


def sign_up_visit(scribe: Scribe) -> None:
    """Make an account on a device; the server tells the same, and links a card if there is one."""
    scribe.client("track", event="Signed Up", properties={"type": "organic"})
    scribe.client("identify", traits=sign_up(scribe.person))
    person = scribe.person
    ids: Body = {"userId": person.user_id}
    said: Body = {"traits": account(person) | {"created_at": iso(scribe.visit.at)}}
    if person.has_card:
        ids["anonymousId"] = f"till-{person.card}"
        said |= {"context": _card_context(scribe)}
    scribe.server("identify", ids=ids, **said)


def log_in(scribe: Scribe) -> None:
    """Sign in on a device that was anonymous until now."""
    scribe.track("Signed In", {"method": "password"})
    mail = scribe.person.written_email
    scribe.client("identify", traits={"email": mail} if mail else {})


def crm_import(scribe: Scribe) -> None:
    """A line of the old system's export."""
    scribe.server("identify", source=CRM, traits=from_crm(scribe.rng, scribe.person))


def join_club(scribe: Scribe) -> None:
    """Become a member of a walking club."""
    club = scribe.person.club or "club"
    traits = {"name": club.replace("-", " ").title(), "kind": "club"}
    scribe.server("group", groupId=club, traits=traits)


def upgrade(scribe: Scribe) -> None:
    """Reach a higher loyalty tier."""
    scribe.server("identify", traits={"plan": scribe.person.plan})


KINDS: dict[str, Callable[[Scribe], Any]] = {
    "browse": browse,
    "cart": cart,
    "order": order,
    "till": till,
    "card": card,
    "store": store,
    "signup": sign_up_visit,
    "login": log_in,
    "import": crm_import,
    "club": join_club,
    "upgrade": upgrade,
}
