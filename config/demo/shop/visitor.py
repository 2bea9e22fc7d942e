"""Who is at the shop's counter: a signed cookie, apart from the console's session beside it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from django.conf import settings
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse

from config.demo.generator.world.catalogue import BY_ID, Product

COOKIE, SALT, PATH = "demo_shop", "demo.shop", "/demo/shop/"
MOST_IN_CART = 12
DAYS = 30


@dataclass
class ShopVisitor:
    """Signed up or not, with a cart of product ids."""

    user_id: str = ""
    first_name: str = ""
    email: str = ""
    cart: list[str] = field(default_factory=list)

    @property
    def products(self) -> list[Product]:
        """What is in the cart."""
        return [BY_ID[number] for number in self.cart if number in BY_ID]

    @property
    def total(self) -> float:
        """Of the cart, in euros."""
        return sum(product.price("EUR") for product in self.products)

    def put(self, product: Product) -> None:
        """One more into the cart, as long as it holds."""
        if len(self.cart) < MOST_IN_CART:
            self.cart.append(product.product_id)

    def save(self, response: HttpResponse) -> HttpResponse:
        """Into the cookie."""
        response.set_signed_cookie(
            COOKIE,
            json.dumps(asdict(self)),
            salt=SALT,
            path=PATH,
            max_age=DAYS * 86_400,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
        return response


def visitor_of(request: HttpRequest) -> ShopVisitor:
    """From the cookie; a stranger with an empty cart where there is none."""
    try:
        kept = json.loads(request.get_signed_cookie(COOKIE, salt=SALT) or "")
        return ShopVisitor(**kept)
    except (KeyError, BadSignature, ValueError, TypeError):
        return ShopVisitor()
