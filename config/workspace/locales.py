"""Names of countries, languages and money as CLDR has them, in whichever language is read."""

from collections.abc import Mapping
from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError
from django.utils.translation import get_language

TWO, LONGEST_TAG = 2, 20
NO_COUNTRY = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})  # groups, and no place at all


@lru_cache(maxsize=256)
def locale_of(tag: str) -> Locale:
    """Of a tag such as en, en-GB or pt_BR; English where there is none such."""
    try:
        return Locale.parse(tag.replace("-", "_")[:LONGEST_TAG])
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def locale_here() -> Locale:
    """That of whoever reads this."""
    return locale_of(get_language() or "en")


@cache
def countries_in(tag: str) -> Mapping[str, str]:
    """Every country by its two letters, by its name in that language, else in English."""
    named: dict[str, str] = locale_of(tag).territories  # type: ignore[assignment]
    english: dict[str, str] = Locale("en").territories  # type: ignore[assignment]
    return {
        code: named.get(code, name)
        for code, name in english.items()
        if len(code) == TWO and code.isalpha() and code not in NO_COUNTRY
    }


def country_name(code: str) -> str:
    """Netherlands, in the reader's language; what was given where it is no country's code."""
    return countries_in(str(locale_here())).get(code.upper(), code)
