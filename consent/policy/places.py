"""Where a person is before the law: the one answer to "which country", in Python and in SQL.

`profile.country`, which is what the sources' traits say of it, as a code of ISO 3166 or as the name
of a country in English or Indonesian; of the countries whose parts have laws of their own the
region as well (traits `region` or `state`, plain or within `address`). A phone number's prefix is
no answer: people keep their numbers when they move, and +1 is twenty countries. Who says nothing
of a country that is known is UNKNOWN, for whom the table has a row of its own, the strictest.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any, Final

from config.postgres.sql import Sql, sql
from config.workspace.locales import countries_in

EVERYWHERE, UNKNOWN, EEA = "*", "ZZ", "EEA"
_EEA_CODES = (
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO"
)
EEA_COUNTRIES: Final = frozenset(_EEA_CODES.split())
# parts of countries, by the code that follows the country's (ISO 3166-2): as people write them
REGIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "US": {
        "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California",
        "CO": "Colorado", "CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia",
        "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois",
        "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana",
        "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan",
        "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri", "MT": "Montana",
        "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey",
        "NM": "New Mexico", "NY": "New York", "NC": "North Carolina", "ND": "North Dakota",
        "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania",
        "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee",
        "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington",
        "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
    },
    "CA": {
        "AB": "Alberta", "BC": "British Columbia", "MB": "Manitoba", "NB": "New Brunswick",
        "NL": "Newfoundland and Labrador", "NS": "Nova Scotia", "ON": "Ontario",
        "PE": "Prince Edward Island", "QC": "Quebec", "SK": "Saskatchewan",
    },
}  # fmt: skip
_ALIASES: Final = {"UK": "GB", "EL": "GR", "USA": "US", "U.S.": "US", "U.S.A.": "US"}


@cache
def _spelled() -> dict[str, str]:
    """The code of a country by every way to write it that we know, in capitals."""
    found = {code: code for code in countries_in("en")}
    for language in ("en", "id"):
        found |= {name.upper(): code for code, name in countries_in(language).items()}
    return found | _ALIASES


@cache
def _spellings(country: str) -> list[str]:
    return sorted(text for text, code in _spelled().items() if code == country)


def country_of(written: str) -> str:
    """The code of a country as somebody wrote it, UNKNOWN where that is none."""
    return _spelled().get(written.strip().upper(), UNKNOWN)


def place_of(country: str, traits: Mapping[str, Any] | None = None) -> str:
    """The country of a person, with their region where parts of it have laws of their own."""
    code = country_of(country)
    region = _region(code, _written(traits or {})) if code in REGIONS else ""
    return f"{code}-{region}" if region else code


def _written(traits: Mapping[str, Any]) -> str:
    address = traits.get("address")
    for where in (traits, address if isinstance(address, Mapping) else {}):
        for name in ("region", "state"):
            if isinstance(where.get(name), str) and where[name].strip():
                return str(where[name]).strip().upper()
    return ""


def _region(country: str, written: str) -> str:
    found = (
        code
        for code, name in REGIONS[country].items()
        if written in _region_spellings(country, code, name)
    )
    return next(found, "")


def _region_spellings(country: str, code: str, name: str) -> list[str]:
    return [code, f"{country}-{code}", name.upper()]


def is_place(code: str) -> bool:
    """Whether a row of the table may be about it."""
    if code in {EVERYWHERE, UNKNOWN, EEA} or code in countries_in("en"):
        return True
    country, _dash, region = code.partition("-")
    return region in REGIONS.get(country, {})


def wider(place: str) -> list[str]:
    """Whose rows speak for a place: its own, then ever wider ones."""
    country = place.partition("-")[0]
    found = [place] if country == place else [place, country]
    if country in EEA_COUNTRIES:
        found.append(EEA)
    return [*found, EVERYWHERE] if place != EVERYWHERE else found


_REGION = """upper(btrim(coalesce(nullif({p}.traits->>'region', ''),
    nullif({p}.traits->>'state', ''), {p}.traits->'address'->>'region',
    {p}.traits->'address'->>'state')))"""


def group_of(person: str, groups: Sequence[Collection[str]], *, others: int, unknown: int) -> Sql:
    """A number for the profile `person` (a name in the query): the place in `groups` of theirs.

    The same as `place_of`, folded into constants. `others` is the number of people of any other
    country, `unknown` of who has none that is known. Parts of a country go before the whole.
    """
    branches = [
        sql("WHEN {test} THEN {n}", test=_is_in(person, codes, parts), n=Sql(str(n)))
        for parts in (True, False)
        for n, codes in enumerate(groups)
        if any(("-" in code) == parts for code in codes)
    ]
    if others != unknown:
        known = sql("{country} = ANY({all})", country=_country(person), all=sorted(_spelled()))
        branches.append(sql("WHEN {known} THEN {n}", known=known, n=Sql(str(others))))
    if not branches:
        return Sql(str(unknown))
    return sql(
        "(CASE {branches} ELSE {n} END)", branches=Sql(" ").joined(branches), n=Sql(str(unknown))
    )


def _country(person: str) -> Sql:
    return Sql(f"upper(btrim({person}.country))")


def _is_in(person: str, codes: Collection[str], parts: bool) -> Sql:
    if not parts:
        spelled = [text for code in sorted(codes) if "-" not in code for text in _spellings(code)]
        return sql("{country} = ANY({codes})", country=_country(person), codes=spelled)
    by_country: dict[str, list[str]] = {}
    for code in sorted(code for code in codes if "-" in code):
        country, _dash, region = code.partition("-")
        spelled = _region_spellings(country, region, REGIONS[country][region])
        by_country.setdefault(country, []).extend(spelled)
    tests = (
        sql(
            "({country} = ANY({codes}) AND {region} = ANY({regions}))",
            country=_country(person),
            codes=_spellings(country),
            region=Sql(_REGION.replace("{p}", person)),
            regions=regions,
        )
        for country, regions in by_country.items()
    )
    return Sql(" OR ").joined(tests)
