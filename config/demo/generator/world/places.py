"""Where customers live: city, zone, language, money, and how people there write their number."""

from __future__ import annotations

from dataclasses import dataclass

from config.demo.generator.world.randomness import cumulative


@dataclass(frozen=True, slots=True)
class Numbering:
    """Mobile numbers of a country: its code, first digits, how many more; `groups` at home."""

    code: str
    trunk: str
    lead: str
    tail: int
    groups: tuple[int, ...]

    def digits(self, number: int) -> str:
        """The national digits (no trunk) of the `number`-th person; repeats after 10**`tail`."""
        scrambled = (number * 7_919 + 1_234_567) % 10**self.tail
        return f"{self.lead}{scrambled:0{self.tail}}"

    def e164(self, number: int) -> str:
        """`+31612345678`."""
        return f"+{self.code}{self.digits(number)}"

    def national(self, number: int) -> str:
        """As written at home: `06 1234 5678`."""
        digits, parts, start = self.trunk + self.digits(number), [], 0
        for size in self.groups:
            parts.append(digits[start : start + size])
            start += size
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class City:
    """A city; `country` is ISO 3166, `offset` minutes ahead of UTC in winter, `store` our shop."""

    name: str
    country: str
    time_zone: str
    offset: int
    locale: str
    currency: str
    store: str | None = None


NUMBERS = {
    "NL": Numbering("31", "0", "61", 7, (2, 4, 4)),
    "DE": Numbering("49", "0", "1511", 7, (4, 3, 5)),
    "ID": Numbering("62", "0", "812", 8, (4, 4, 4)),
    "GB": Numbering("44", "0", "7400", 6, (5, 6)),
    "US": Numbering("1", "", "5035", 6, (3, 3, 4)),
    "SG": Numbering("65", "", "91", 6, (4, 4)),
    "PL": Numbering("48", "", "512", 6, (3, 3, 3)),
    "FR": Numbering("33", "0", "61", 7, (2, 2, 2, 2, 2)),
    "AE": Numbering("971", "0", "50", 7, (3, 3, 4)),
    "CN": Numbering("86", "", "138", 8, (3, 4, 4)),
}

_ROWS: tuple[tuple[float, City], ...] = (
    (10, City("Utrecht", "NL", "Europe/Amsterdam", 60, "nl-NL", "EUR", "Cairnway Utrecht")),
    (8, City("Amsterdam", "NL", "Europe/Amsterdam", 60, "nl-NL", "EUR")),
    (4, City("Groningen", "NL", "Europe/Amsterdam", 60, "nl-NL", "EUR")),
    (4, City("Eindhoven", "NL", "Europe/Amsterdam", 60, "en-NL", "EUR")),
    (7, City("Berlin", "DE", "Europe/Berlin", 60, "de-DE", "EUR")),
    (5, City("Hamburg", "DE", "Europe/Berlin", 60, "de-DE", "EUR")),
    (6, City("München", "DE", "Europe/Berlin", 60, "de-DE", "EUR")),
    (8, City("Bandung", "ID", "Asia/Jakarta", 420, "id-ID", "EUR", "Cairnway Bandung")),
    (7, City("Jakarta", "ID", "Asia/Jakarta", 420, "id-ID", "EUR")),
    (3, City("Denpasar", "ID", "Asia/Makassar", 480, "en-ID", "EUR")),
    (4, City("Leeds", "GB", "Europe/London", 0, "en-GB", "EUR")),
    (4, City("Edinburgh", "GB", "Europe/London", 0, "en-GB", "EUR")),
    (5, City("Portland", "US", "America/Los_Angeles", -480, "en-US", "USD")),
    (4, City("Denver", "US", "America/Denver", -420, "en-US", "USD")),
    (3, City("New York", "US", "America/New_York", -300, "es-US", "USD")),
    (5, City("Singapore", "SG", "Asia/Singapore", 480, "en-SG", "USD")),
    (3, City("Kraków", "PL", "Europe/Warsaw", 60, "pl-PL", "EUR")),
    (2, City("Gdańsk", "PL", "Europe/Warsaw", 60, "pl-PL", "EUR")),
    (4, City("Lyon", "FR", "Europe/Paris", 60, "fr-FR", "EUR")),
    (2, City("Dubai", "AE", "Asia/Dubai", 240, "ar-AE", "USD")),
    (2, City("上海", "CN", "Asia/Shanghai", 480, "zh-CN", "USD")),
)
CITIES = tuple(city for _, city in _ROWS)
WEIGHTS = cumulative([weight for weight, _ in _ROWS])
