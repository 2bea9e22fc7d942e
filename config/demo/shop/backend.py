"""The shop's own server: accounts, permissions by form, orders; told as its source does."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from config.demo.generator.calls.orders import Order
from config.demo.generator.people import maya
from config.demo.generator.world.catalogue import BY_ID
from config.demo.generator.world.sources import SERVER, WEB
from config.demo.shop.visitor import ShopVisitor
from consent.confirming.asking import record_or_ask
from consent.ledger.recording import Statement
from consent.ledger.subjects import refer
from consent.models import Purpose
from profiles.identifiers.normalise import normalise
from profiles.ingest.inbox import accept
from profiles.models import Identifier, IdentifierKey, Source

FORM, WORDING = "demo-shop-sign-up", "newsletter-en-4"
BACKEND = {"library": {"name": "cairnway-server", "version": "1.0"}}
PURPOSES = ("marketing", "measuring")


def write_key() -> str:
    """The web shop's key, which is public; "" where the source is switched off or gone."""
    source = Source.objects.filter(name=WEB, enabled=True).first()
    return source.public_write_key if source else ""


@transaction.atomic
def sign_up(said: Mapping[str, Any], page: str) -> ShopVisitor:
    """An account for the form's address; ticked boxes become permissions, the rest says nothing."""
    email = normalise("email", said["email"]) or said["email"]
    user_id = _account_of(email) or f"cw-{900_000_000 + secrets.randbelow(99_999_999)}"
    traits = {"email": email, "first_name": said["first_name"], "last_name": said["last_name"]}
    traits = {name: value for name, value in traits.items() if value}
    _tell({"type": "identify", "userId": user_id, "traits": traits})
    ticked = [slug for slug in PURPOSES if said[slug]]
    if ticked:
        _allow(email, ticked, page)
    return ShopVisitor(user_id, said["first_name"], email)


def _account_of(email: str) -> str:
    """The customer number of whoever has this address; "" where it is new."""
    if email == maya.EMAIL:
        return maya.USER_ID
    owner = IdentifierKey.objects.filter(kind="email", value=email).values("profile_id")[:1]
    numbers = Identifier.objects.filter(kind="user_id", profile_id__in=owner)
    return str(numbers.values_list("value", flat=True).first() or "")


def _allow(email: str, purposes: list[str], page: str) -> None:
    """The person's own act, by a form, on that address."""
    person = refer(f"email:{email}")
    ids = dict(Purpose.objects.filter(slug__in=purposes).values_list("slug", "pk"))
    source = Source.objects.filter(name=SERVER).values_list("pk", flat=True).first()
    evidence = {"act": "form", "form": FORM, "wording": WORDING, "page": page}
    now = timezone.now()
    record_or_ask(
        [
            Statement(
                profile_id=person.profile.pk,
                purpose_id=ids[slug],
                channel="email",
                status="granted",
                basis="consent",
                contact_point=email,
                at=now,
                evidence=evidence,
                source_id=source,
                actor="person",
            )
            for slug in purposes
        ]
    )


def place_order(visitor: ShopVisitor) -> Order:
    """What is in the cart of somebody who has an account; the cart is empty afterwards."""
    counted = Counter(product.product_id for product in visitor.products)
    lines = tuple((BY_ID[number], count) for number, count in counted.items())
    order = Order(f"CO-shop-{secrets.token_hex(4)}", "EUR", "web", lines, None)
    _tell(
        {
            "type": "track",
            "event": "Order Completed",
            "userId": visitor.user_id,
            "properties": order.completed(),
        }
    )
    visitor.cart.clear()
    return order


def _tell(call: dict[str, Any]) -> None:
    """A call of the shop's server, which is trusted more than what a browser says."""
    source = Source.objects.filter(name=SERVER, enabled=True).first()
    if source is None:
        return
    stamped = {
        "messageId": f"shop-{secrets.token_hex(12)}",
        "timestamp": timezone.now().isoformat(),
        "context": BACKEND,
    }
    accept(source, [stamped | call])
