"""The demo shop's pages: shelf, product, cart, account, order. Its script does the tracking."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.console.shell import places
from config.demo.generator.people import maya
from config.demo.generator.world.catalogue import BY_CATEGORY, BY_ID, Product
from config.demo.shop import backend
from config.demo.shop.forms import SignUpForm
from config.demo.shop.visitor import COOKIE, PATH, ShopVisitor, visitor_of
from config.demo.state import demo_only
from config.workspace.pages.public_address import base_url

CATEGORIES = {
    "boots": _("Boots"),
    "tents": _("Tents"),
    "backpacks": _("Backpacks"),
    "jackets": _("Jackets"),
    "sleeping-bags": _("Sleeping bags"),
    "stoves": _("Stoves"),
    "layers": _("Layers"),
    "poles": _("Poles"),
    "bottles": _("Bottles"),
    "lamps": _("Lamps"),
}
FEATURED = ("boots", "tents")
FEATURED_EACH = 4
BESIDE = 4
Event = tuple[str, dict[str, Any]]


def _page(  # noqa: PLR0913 - what every page of the shop needs
    request: HttpRequest,
    template: str,
    name: str,
    context: dict[str, Any],
    *,
    visitor: ShopVisitor | None = None,
    events: list[Event] | None = None,
    status: int = 200,
) -> HttpResponse:
    """A page of the shop; `events` are what its script tells when it is shown."""
    visitor = visitor or visitor_of(request)
    traits = {"email": visitor.email, "first_name": visitor.first_name} if visitor.user_id else {}
    shared = {
        "visitor": visitor,
        "categories": CATEGORIES,
        "page_name": name,
        "telling": {
            "key": backend.write_key(),
            "device": maya.LAPTOP_ID,
            "user": visitor.user_id,
            "traits": traits,
            "page": name,
            "events": events or [],
        },
        "maya": {"name": maya.NAME, "email": maya.EMAIL},
        "live_url": places.live(),
    }
    return TemplateResponse(request, template, {**shared, **context}, status=status)


def _product(number: str) -> Product:
    product = BY_ID.get(number.upper())
    if product is None:
        raise Http404(number)
    return product


@demo_only
@never_cache
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The window: boots and tents."""
    shelves = [(CATEGORIES[c], c, BY_CATEGORY[c][:FEATURED_EACH]) for c in FEATURED]
    return _page(request, "demo/shop/home.html", "Home", {"shelves": shelves})


@demo_only
@never_cache
@require_GET
def shelf(request: HttpRequest, category: str) -> HttpResponse:
    """Everything of one kind."""
    if category not in CATEGORIES:
        raise Http404(category)
    viewed = ("Product List Viewed", {"list_id": f"all-{category}", "category": category})
    context = {
        "products": BY_CATEGORY[category],
        "category": category,
        "title": CATEGORIES[category],
    }
    name = str(CATEGORIES[category])
    return _page(request, "demo/shop/shelf.html", name, context, events=[viewed])


@demo_only
@never_cache
@require_GET
def product(request: HttpRequest, category: str, number: str) -> HttpResponse:
    """One thing."""
    found = _product(number)
    beside = [p for p in BY_CATEGORY[found.category] if p != found][:BESIDE]
    context = {
        "product": found,
        "category": found.category,
        "title": CATEGORIES[found.category],
        "beside": beside,
        "added": {**found.properties("EUR"), "quantity": 1},
    }
    viewed = ("Product Viewed", found.properties("EUR"))
    return _page(request, "demo/shop/product.html", found.name, context, events=[viewed])


@demo_only
@never_cache
@require_http_methods(["GET", "POST"])
def cart(request: HttpRequest) -> HttpResponse:
    """What is in the cart; posted, one thing more goes in or all is taken out."""
    visitor = visitor_of(request)
    if request.method == "POST":
        if "empty" in request.POST:
            visitor.cart.clear()
        else:
            visitor.put(_product(request.POST.get("product", "")))
        return visitor.save(redirect("demo:cart"))
    context = {"started": {"value": visitor.total, "currency": "EUR"}}
    return _page(request, "demo/shop/cart.html", "Cart", context, visitor=visitor)


@demo_only
@never_cache
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Sign up; whose address is known is that customer."""
    visitor = visitor_of(request)
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        page = base_url(request) + reverse("demo:account")
        known = backend.sign_up(form.cleaned_data, page)
        known.cart = visitor.cart
        return known.save(redirect("demo:cart" if known.cart else "demo:welcome"))
    status = 422 if form.errors else 200
    return _page(
        request, "demo/shop/account.html", "Account", {"form": form}, visitor=visitor, status=status
    )


@demo_only
@never_cache
@require_GET
def welcome(request: HttpRequest) -> HttpResponse:
    """After signing up."""
    visitor = visitor_of(request)
    if not visitor.user_id:
        return redirect("demo:account")
    return _page(request, "demo/shop/welcome.html", "Welcome", {}, visitor=visitor)


@demo_only
@require_POST
def order(request: HttpRequest) -> HttpResponse:
    """Buy the cart; a stranger is asked for an account first."""
    visitor = visitor_of(request)
    if not visitor.user_id:
        return redirect("demo:account")
    if not visitor.products:
        return redirect("demo:cart")
    placed = backend.place_order(visitor)
    return visitor.save(redirect(f"{reverse('demo:thanks')}?order={placed.order_id}"))


@demo_only
@never_cache
@require_GET
def thanks(request: HttpRequest) -> HttpResponse:
    """After an order."""
    context = {"order_id": request.GET.get("order", "")[:40]}
    return _page(request, "demo/shop/thanks.html", "Thanks", context)


@demo_only
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Become a stranger again; the script takes a new device with it."""
    response = redirect("demo:home")
    response.delete_cookie(COOKIE, path=PATH)
    return response
