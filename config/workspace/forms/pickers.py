"""Currencies, languages, countries and time zones to choose from, by their names.

What is stored stays the code; the names are in the reader's language, in its order.
"""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.numbers import get_territory_currencies, list_currencies
from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget

from config.workspace.locales import countries_in, locale_here, locale_of
from config.workspace.zone_names import zone_of
from config.workspace.zones import zone_choices

Choices = list[tuple[str, str]]
# money that is none, or none any more: metals, test codes, units of account, funds
NO_MONEY = frozenset({"XXX", "XTS", "XAU", "XAG", "XPT", "XPD", "XBA", "XBB", "XBC", "XBD", "XUA"})
MINUTES = 60


def _sorted(found: Iterable[tuple[str, str]]) -> Choices:
    return sorted(found, key=lambda one: one[1].casefold())


def country_choices() -> Choices:
    """(ID, "Indonesia"), by name. No query."""
    return _countries(str(locale_here()))


@cache
def _countries(language: str) -> Choices:
    return _sorted(countries_in(language).items())


def currency_choices() -> Choices:
    """(EUR, "Euro (EUR)"), by name: money that is in use somewhere. No query."""
    return _currencies(str(locale_here()))


@cache
def _currencies(language: str) -> Choices:
    here = locale_of(language)
    used = {
        code
        for territory in _with_money()
        for code in territory
        if len(code) == len("EUR") and code not in NO_MONEY
    }
    return _sorted((code, f"{here.currencies.get(code, code)} ({code})") for code in used)


@cache
def _with_money() -> list[list[str]]:
    found = [get_territory_currencies(code, tender=True) for code in countries_in("en")]
    return [list(one) for one in found if one] or [list(list_currencies())]


def language_choices() -> Choices:
    """The languages that letters and pages are written in, in the reader's words. No query."""
    names = locale_here().languages
    return _sorted(
        (code, str(names.get(code.partition("-")[0], own)).capitalize())
        for code, own in settings.LANGUAGES
    )


def named_zone_choices() -> Choices:
    """(Asia/Jakarta, "Asia, Jakarta (UTC+07:00)"), by region. No query."""
    now = timezone.now()
    return [
        (name, f"{_zone_words(said)} ({offset_of(name, now)})") for name, said in zone_choices()
    ]


def _zone_words(said: str) -> str:
    region, slash, place = said.partition("/")
    return f"{region}, {place.replace('/', ', ')}" if slash else said


def is_zone(name: str) -> bool:
    """Whether there is such a time zone."""
    return zone_of(name) is not None


def offset_of(name: str, now: datetime) -> str:
    """How far a zone is from UTC now: UTC+07:00."""
    seconds = (now.astimezone(ZoneInfo(name)).utcoffset() or now - now).total_seconds()
    hours, minutes = divmod(round(abs(seconds) / MINUTES), MINUTES)
    return f"UTC{'-' if seconds < 0 else '+'}{hours:02}:{minutes:02}"


def is_currency(code: str) -> bool:
    """Whether there is or was such money."""
    return code in Locale("en").currencies


def is_country(code: str) -> bool:
    """Whether there is such a country."""
    return code in countries_in("en")


def is_language(code: str) -> bool:
    """Whether there is such a language, of whatever region."""
    return code.replace("_", "-").partition("-")[0] in Locale("en").languages


class SearchedSelect(UnfoldAdminSelectWidget):  # type: ignore[misc]
    """A list that is searched by typing; without script the browser's own."""

    class Media:
        js = (forms.Script("js/searched-select.js", type="module"),)

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        """With what the list says, in the reader's language."""
        words = {"search": _("Search"), "nothing": _("Nothing matches"), "kinds": {}}
        found: dict[str, Any] = super().build_attrs(base_attrs, extra_attrs)
        return {**found, "data-searched": json.dumps(words)}


class PickedField(forms.ChoiceField):
    """A choice by name. What is stored and on no list stays, where it is known at all."""

    is_known: Callable[[str], bool]

    def prepare_value(self, value: Any) -> Any:
        """As it is; put on the list where it is not."""
        offered: list[Any] = list(self.choices)  # type: ignore[arg-type]
        if value and str(value) not in dict(offered):
            self.choices = [*offered, (str(value), str(value))]
        return value

    def valid_value(self, value: str) -> bool:
        """One of the list, or known besides."""
        return super().valid_value(value) or self.is_known(value)


def picked(
    field: Any,
    choices: Callable[[], Choices],
    is_known: Callable[[str], bool],
    *,
    empty: Any = None,
) -> forms.ChoiceField:
    """A model's text as a choice by name."""

    def offered() -> Choices:
        first = [("", str(empty or _("none")))] if field.blank else []
        return [*first, *choices()]

    made = PickedField(
        label=field.verbose_name,
        required=not field.blank,
        help_text=field.help_text,
        initial=field.get_default(),
        choices=offered,
        widget=SearchedSelect,
    )
    made.is_known = is_known
    return made
