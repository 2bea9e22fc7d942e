"""What the banner's script reads: the texts in the visitor's language, purposes, looks."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language_info

from consent.banner.colours import ink_on
from consent.banner.texts import TEXTS, purpose_names
from consent.models import Banner, Wording
from consent.wordings import banner_key, newest_of

DAYS_A_MONTH = 30.4


def document_of(source_id: int, wanted: str) -> dict[str, Any] | None:
    """Of the banner of this source, None where it shows none. Two queries."""
    banner = Banner.objects.filter(source_id=source_id, is_on=True).first()
    wordings = newest_of(banner_key(source_id)) if banner else {}
    if banner is None or not wordings:
        return None
    language = best_language(wanted, wordings)
    words = wordings[language]
    versions = {code: row.version for code, row in wordings.items()}
    return {
        "wording": words.pk,
        "version": words.version,
        "versions": versions,
        **as_shown(banner, language, words.texts),
    }


def as_shown(banner: Banner, language: str, texts: Mapping[str, str]) -> dict[str, Any]:
    """The part that is seen, of a banner that may not be saved yet."""
    return {
        "language": language,
        "dir": "rtl" if _is_rtl(language) else "ltr",
        "texts": {name: texts.get(name, "") for name in TEXTS},
        "purposes": [_purpose(slug, texts) for slug in banner.purposes],
        "place": banner.place,
        "colours": {
            "light": banner.accent,
            "dark": banner.accent_dark,
            "on_light": ink_on(banner.accent),
            "on_dark": ink_on(banner.accent_dark),
        },
        "days": round(banner.months * DAYS_A_MONTH),
        "privacy_url": banner.privacy_url,
    }


def best_language(wanted: str, wordings: Mapping[str, Wording]) -> str:
    """The language asked for, the same without its region, else English, else the first."""
    codes = {code.lower(): code for code in wordings}
    asked = wanted.lower().replace("_", "-")
    for code in (asked, asked.partition("-")[0], "en"):
        if code in codes:
            return codes[code]
    return min(wordings)


def _purpose(slug: str, texts: Mapping[str, str]) -> dict[str, str]:
    title, text = purpose_names(slug)
    return {"slug": slug, "title": texts.get(title) or slug, "text": texts.get(text, "")}


def _is_rtl(language: str) -> bool:
    try:
        return bool(get_language_info(language)["bidi"])
    except KeyError:
        return False
