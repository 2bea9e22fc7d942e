"""What came in, in words: devices, amounts, products, why two people are one."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.lists import format_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.console import words
from config.workspace.locales import locale_here
from config.workspace.selectors import workspace
from profiles.merging.merging import JOINED_AGAIN

SHORT = 60
MOST_PRODUCTS = 3
KNOWN_TRAITS = {  # those that nearly every source sends; others keep their own name
    "First name": gettext_lazy("First name"),
    "Last name": gettext_lazy("Last name"),
    "Name": gettext_lazy("Name"),
    "Email": gettext_lazy("Email"),
    "Phone": gettext_lazy("Phone"),
    "City": gettext_lazy("City"),
    "Country": gettext_lazy("Country"),
    "Birthday": gettext_lazy("Birthday"),
    "Gender": gettext_lazy("Gender"),
    "Company": gettext_lazy("Company"),
    "Language": gettext_lazy("Language"),
}


def _text(value: Any) -> str:
    text = str(value)[:SHORT] if isinstance(value, str | int | float) else ""
    return "" if words.is_blank(text) else text


def subject_of(properties: Mapping[str, Any]) -> str:
    """What a page or screen is called."""
    for name in ("name", "title", "path", "url", "category"):
        found = _text(properties.get(name))
        if found:
            return found
    return _("a page")


def device_of(context: Any) -> str:
    """phone, tablet, computer, or "" where the call does not say."""
    if not isinstance(context, dict):
        return ""
    device = context.get("device")
    told = str(device.get("type", "")).lower() if isinstance(device, dict) else ""
    agent = str(context.get("userAgent", "")).lower()
    if "tablet" in told or "ipad" in agent:
        return "tablet"
    if told in ("ios", "android", "phone", "mobile") or "mobi" in agent:
        return "phone"
    return "computer" if agent else ""


def device_words(device: str) -> str:
    """on the phone; "" for an unknown device."""
    return {
        "phone": _("on the phone"),
        "tablet": _("on the tablet"),
        "computer": _("on the computer"),
    }.get(device, "")


def money_in(properties: Mapping[str, Any], value: float | None) -> str:
    """The amount as it came, in its own currency; else the event's value; "" for none."""
    currency = properties.get("currency")
    for name in ("revenue", "total", "value", "price"):
        amount = properties.get(name)
        if isinstance(amount, int | float) and not isinstance(amount, bool):
            given = currency if isinstance(currency, str) and len(currency) == 3 else ""  # noqa: PLR2004
            if given or name in ("revenue", "total"):
                return words.money(amount, given.upper() or workspace().currency)
    return words.money(value, workspace().currency) if value else ""


def product_names(properties: Mapping[str, Any]) -> list[str]:
    """The first names of `products[]`, "and 4 more" at the end."""
    products = properties.get("products")
    if not isinstance(products, list):
        return []
    named = [_text(p.get("name") or p.get("product_id")) for p in products if isinstance(p, dict)]
    named = [name for name in named if name]
    if len(named) > MOST_PRODUCTS:
        more = _("and %(n)s more") % {"n": len(named) - MOST_PRODUCTS}
        return [*named[:MOST_PRODUCTS], more]
    return named


def joined_by(rule: str, other: str) -> str:
    """Why two people became one, in a sentence. `rule` is as "user_id with email"."""
    kinds = [word.replace("_", " ") for word in rule.split(" with ")]
    if rule == JOINED_AGAIN:
        return _("Person %(other)s… was joined again by hand.") % {"other": other}
    if len(kinds) == 1:
        return _("Person %(other)s… was joined by the rule “%(rule)s”.") % {
            "other": other,
            "rule": kinds[0],
        }
    return _("Person %(other)s… was joined: one call carried the %(one)s and the %(two)s.") % {
        "other": other,
        "one": kinds[0],
        "two": kinds[1] if kinds[1] != kinds[0] else _("same of the other"),
    }


def taken_in_by(via: str, kinds: Sequence[str], traits: Sequence[str]) -> str:
    """Why a call may be another's, in a sentence: how it came, and what it brought besides."""
    brought = [_("a second %(kind)s") % {"kind": kind.replace("_", " ")} for kind in kinds]
    brought += [_("another %(trait)s") % {"trait": trait_label(trait).lower()} for trait in traits]
    return _("A call came by the %(via)s and brought %(what)s: it may be another person's.") % {
        "via": via.replace("_", " ") or _("shared identifier"),
        "what": format_list(brought, locale=locale_here()),
    }


def language_name(tag: str) -> str:
    """English, for en or en-GB; "" for what is no language tag."""
    if not tag:
        return ""
    try:
        found = Locale.parse(tag.replace("_", "-"), sep="-").get_language_name(locale_here())
    except (ValueError, UnknownLocaleError):
        return ""
    return str(found or "")


def local_time(zone: str, now: datetime) -> str:
    """09:14 there; "" for an unknown zone."""
    try:
        return f"{now.astimezone(ZoneInfo(zone)):%H:%M}" if zone else ""
    except (ValueError, OSError, KeyError):
        return ""


def trait_label(name: str) -> str:
    """First name, for firstName and first_name."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").strip()
    label = spaced[:1].upper() + spaced[1:].lower() if spaced else name
    return str(KNOWN_TRAITS.get(label, label))


def trait_text(value: Any) -> str:
    """A trait's value as one reads it; "" for what is empty (`or_empty` says so on a page)."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None:
        return ""
    if isinstance(value, int | float):
        return words.num(value, None if value == int(value) else 2)
    if isinstance(value, dict | list):
        parts = map(trait_text, value.values() if isinstance(value, dict) else value)
        return ", ".join(part for part in parts if not words.is_blank(part))
    return str(value)


def said_text(value: Any) -> str:
    """The same inside a sentence, where what is empty needs its word."""
    text = trait_text(value)
    return _("empty") if words.is_blank(text) else text
