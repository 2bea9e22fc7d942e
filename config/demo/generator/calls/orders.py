"""What somebody buys: the lines, the sums and the words of the Segment e-commerce events."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from config.demo.generator.world.catalogue import GOES_WITH, Product, bought

COUPONS = ("TRAIL10", "WINTER10", "FRIEND10")
COUPON_SHARE = 0.12
FREE_SHIPPING_FROM, SHIPPING = 75.0, 5.95
TAX_RATE = 0.21
Line = tuple[Product, int]


@dataclass(frozen=True, slots=True)
class Order:
    """An order, money in `currency`. `lines[0]` is the main thing and names the category."""

    order_id: str
    currency: str
    channel: str
    lines: tuple[Line, ...]
    coupon: str | None

    @property
    def category(self) -> str:
        """The category of the main thing."""
        return self.lines[0][0].category

    @property
    def subtotal(self) -> float:
        """Before discount and shipping, tax included."""
        return round(sum(p.price(self.currency) * n for p, n in self.lines), 2)

    @property
    def revenue(self) -> float:
        """After the discount of 10 %, without shipping."""
        return round(self.subtotal * 0.9, 2) if self.coupon else self.subtotal

    def completed(self) -> dict[str, Any]:
        """Properties of `Order Completed`."""
        revenue = self.revenue
        shipping = SHIPPING if self.channel != "store" and revenue < FREE_SHIPPING_FROM else 0.0
        properties: dict[str, Any] = {
            "order_id": self.order_id,
            "total": round(revenue + shipping, 2),
            "subtotal": self.subtotal,
            "revenue": revenue,
            "shipping": shipping,
            "tax": round(revenue * TAX_RATE / (1 + TAX_RATE), 2),
            "currency": self.currency,
            "category": self.category,
            "channel": self.channel,
            "products": self.products(),
        }
        if self.coupon:
            properties |= {"coupon": self.coupon, "discount": round(self.subtotal - revenue, 2)}
        return properties

    def products(self) -> list[dict[str, Any]]:
        """The lines, as `products[]` has them."""
        return [
            {
                "product_id": p.product_id,
                "name": p.name,
                "category": p.category,
                "price": p.price(self.currency),
                "quantity": n,
            }
            for p, n in self.lines
        ]


def choose(rng: Random, main: Product) -> tuple[Line, ...]:
    """`main` with up to two small things beside it, no product twice."""
    lines: dict[str, Line] = {main.product_id: (main, 1)}
    for _ in range(int(rng.random() * 2.4)):
        extra = bought(rng, GOES_WITH[int(rng.random() * len(GOES_WITH))])
        lines.setdefault(extra.product_id, (extra, 1 + int(rng.random() * 1.3)))
    return tuple(lines.values())


def make_order(
    rng: Random, order_id: str, main: Product, *, currency: str, channel: str, coupon: str | None
) -> Order:
    """An order around `main`; without a given `coupon`, one in eight has one."""
    if coupon is None and rng.random() < COUPON_SHARE:
        coupon = COUPONS[int(rng.random() * len(COUPONS))]
    return Order(order_id, currency, channel, choose(rng, main), coupon)
