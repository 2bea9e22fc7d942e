"""Numbers, times, money and names as the console says them."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import format_currency
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.workspace.locales import locale_here
from config.workspace.zones import workspace_zone

MINUTE, HOUR, DAY = 60, 3600, 86400
MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"
MILLION, THOUSAND = 1_000_000, 1000
TEN, HUNDRED, WEEK_DAYS = 10, 100, 7
LARGEST = Decimal(10) ** 18  # from here on as 1.00e+18: nobody reads more digits
LONGEST_NUMBER = 400  # characters that are looked at
JUST_NOW = 5  # seconds


# --- numbers ------------------------------------------------------------------------------------
def num(value: Any, decimals: int | None = None) -> str:
    """A number grouped by locale, with a real minus sign; a dash for none."""
    if value is None or value == "":
        return NOTHING
    number = _decimal(value)
    if number is None:
        return _unreadable(value)
    if number.copy_abs() >= LARGEST:
        return _scientific(number)
    if decimals is None:
        decimals = 0 if number == number.to_integral_value() else 1
    number = round(number, decimals)  # number_format would cut what does not fit: 1.96 as 1.9
    text = formats.number_format(abs(number), decimals, use_l10n=True, force_grouping=True)
    return f"{MINUS}{text}" if number < 0 else text


def _decimal(value: Any) -> Decimal | None:
    """A finite number, whatever it came as; None for anything else. Raises nothing."""
    if isinstance(value, int):
        return Decimal(value)  # of a long one Python makes no text
    try:
        number = Decimal(str(value)[:LONGEST_NUMBER])
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _unreadable(value: Any) -> str:
    """What stands in place of a number: a text as it is, nothing for infinity and the like."""
    return value if isinstance(value, str) else NOTHING


def _scientific(number: Decimal) -> str:
    """1.00e+308: longer than anyone reads."""
    text = f"{number.copy_abs():.2e}"
    return f"{MINUS}{text}" if number < 0 else text


def compact(value: float | None) -> str:
    """For axes and tight places: 48 k, 1.02 M."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if abs(value) >= LARGEST:
        return num(value)
    if abs(value) >= MILLION:
        return _("%(n)s M") % {"n": num(value / MILLION, _places(value / MILLION))}
    if abs(value) >= 10 * THOUSAND:
        return _("%(n)s k") % {"n": num(round(value / THOUSAND))}
    if abs(value) >= THOUSAND:
        return _("%(n)s k") % {"n": num(value / THOUSAND, 0 if value % THOUSAND == 0 else 1)}
    return num(round(value) if abs(value) >= TEN else round(value, 1))


def _places(number: float) -> int:
    """Three significant digits, without an empty fraction."""
    if abs(number) >= HUNDRED or number == int(number):
        return 0
    return 2 if abs(number) < TEN else 1


def about(value: int | None) -> str:
    """An estimate, and said to be one."""
    if value is None:
        return NOTHING
    return _("about %(number)s") % {
        "number": compact(value) if value >= 100 * THOUSAND else num(value)
    }


def pct(share: float | None, decimals: int = 0) -> str:
    """0.124 as "12 %"."""
    if share is None or not math.isfinite(share):
        return NOTHING
    if 0 < abs(share) * HUNDRED < 1 and not decimals:
        decimals = 1
    return f"{num(round(share * 100, decimals), decimals)} %"


def money(value: Any, currency: str = "EUR") -> str:
    """An amount with its currency, in the reader's manner; whole amounts from 10,000 on."""
    if value is None or value == "":
        return NOTHING
    amount = _decimal(value)
    if amount is None:
        return _unreadable(value)
    if amount.copy_abs() >= LARGEST:
        return f"{currency or 'EUR'} {_scientific(amount)}"
    whole = abs(amount) >= 10 * THOUSAND
    text = format_currency(
        round(abs(amount)) if whole else abs(amount), currency or "EUR", locale=locale_here()
    )
    if whole:
        text = _without_fraction(text)
    return f"{MINUS}{text}" if amount < 0 else text


def _without_fraction(text: str) -> str:
    for zeros in (".00", ",00"):
        text = text.replace(zeros, "")
    return text


@dataclass(frozen=True)
class Change:
    """How a number stands against the one before: direction up, down or same."""

    direction: str
    arrow: str
    amount: str
    word: str


def change(now: float | None, before: float | None, *, absolute: bool = False) -> Change | None:
    """None when there is nothing to compare with."""
    if now is None or before is None or (not before and not absolute):
        return None
    difference = now - before
    if not math.isfinite(difference):
        return None
    amount = num(abs(difference)) if absolute else pct(abs(difference) / abs(before))
    if difference > 0:
        return Change("up", "▲", amount, _("more than the week before"))
    if difference < 0:
        return Change("down", "▼", amount, _("less than the week before"))
    return Change("same", "=", amount, _("as in the week before"))


# --- times --------------------------------------------------------------------------------------
def lasting(seconds: float | None) -> str:
    """A duration: 0.4 s, 26 min, 3 h 12 min, 4 d."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds < MINUTE:
        decimals = 1 if seconds < TEN else 0
        return _("%(n)s s") % {"n": num(round(max(seconds, 0), decimals), decimals)}
    if seconds < HOUR:
        return _("%(n)s min") % {"n": num(round(seconds / MINUTE))}
    if seconds < 2 * DAY:
        hours, minutes = divmod(round(seconds / MINUTE), 60)
        if not minutes or hours >= TEN:
            return _("%(n)s h") % {"n": num(hours)}
        return _("%(h)s h %(m)s min") % {"h": num(hours), "m": num(minutes)}
    return _("%(n)s d") % {"n": num(round(seconds / DAY))}


def in_words(value: datetime, now: datetime | None = None) -> str:
    """2 h ago, in 3 min, yesterday 14:05, 3 Nov, 3 Nov 2024."""
    now = now or timezone.now()
    seconds = (now - value).total_seconds()
    if abs(seconds) < JUST_NOW:
        return _("just now")
    if abs(seconds) < DAY:
        span = roughly(abs(seconds))
        return (_("%(span)s ago") if seconds > 0 else _("in %(span)s")) % {"span": span}
    local, today = _here(value), _here(now)
    days = (today.date() - local.date()).days
    if days == 1:
        return _("yesterday %(time)s") % {"time": f"{local:%H:%M}"}
    if 1 < days < WEEK_DAYS:
        return ngettext("%(n)s day ago", "%(n)s days ago", days) % {"n": num(days)}
    return day(local.date(), today.date())


def roughly(seconds: float) -> str:
    """A duration in one whole unit: 3 s, 2 min, 5 h, 3 d."""
    if seconds < MINUTE:
        return _("%(n)s s") % {"n": num(int(seconds))}
    if seconds < HOUR:
        return _("%(n)s min") % {"n": num(int(seconds // MINUTE))}
    if seconds < 2 * DAY:
        return _("%(n)s h") % {"n": num(int(seconds // HOUR))}
    return _("%(n)s d") % {"n": num(int(seconds // DAY))}


def day(value: date, today: date | None = None) -> str:
    """3 Nov, with the year when it is not this one."""
    today = today or timezone.localdate()
    return formats.date_format(value, "j M" if value.year == today.year else "j M Y")


def exactly(value: datetime) -> str:
    """Mon 23 Nov 2026, 09:14:05 CET: the reader's own zone."""
    local = _here(value)
    return f"{formats.date_format(local, 'D j M Y, H:i:s')} {zone_name(local)}"


def _here(value: datetime, zone: tzinfo | None = None) -> datetime:
    """In the reader's zone (or in `zone`); at the very edges of the calendar as it is."""
    try:
        return timezone.localtime(value, zone)
    except OverflowError:
        return value


def zone_name(local: datetime) -> str:
    """CET, or UTC+04 where the zone has no letters."""
    name = f"{local:%Z}"
    return f"UTC{name}" if name[:1] in ("+", "-") else name


def moment(value: datetime) -> str:
    """23 Nov 2026, 09:14 CET: the reader's own zone, to the minute."""
    local = _here(value)
    return f"{formats.date_format(local, 'j M Y, H:i')} {zone_name(local)}"


def day_minute(value: datetime) -> str:
    """23 Nov, 09:14: the reader's own zone, where room is short and the whole stands beside it."""
    return formats.date_format(_here(value), "j M, H:i")


def hour(value: datetime) -> str:
    """09:14 CET: the reader's own zone, within a sentence that says the day or means today."""
    local = _here(value)
    return f"{local:%H:%M} {zone_name(local)}"


def when_words(value: date | datetime | None) -> str:
    """A day, or a time in the workspace's zone with its name: as rules mean them, whoever reads."""
    if not isinstance(value, datetime):
        return "" if value is None else str(formats.date_format(value, "j M Y"))
    with timezone.override(workspace_zone()):
        return moment(value)


def day_words(value: datetime) -> str:
    """The day of a time in the workspace."""
    return when_words(_here(value, workspace_zone()).date())


def ago(value: Any) -> SafeString | str:
    """A `<time>`: relative words, the exact local time and zone on hover."""
    if not value:
        return NOTHING
    if not isinstance(value, datetime):
        return _time(value.isoformat(), day(value), formats.date_format(value, "D j M Y"))
    return _time(value.isoformat(), in_words(value), exactly(value))


def exact(value: datetime | None) -> SafeString | str:
    """A `<time>` with the exact local time, the relative one on hover."""
    if not value:
        return NOTHING
    return _time(value.isoformat(), exactly(value), in_words(value))


def clock(value: datetime | None) -> SafeString | str:
    """A `<time>`: 09:14:05, the whole of it with the zone on hover; where the day stands nearby."""
    return _local(value, lambda local: f"{local:%H:%M:%S}")


def clock_ms(value: datetime | None) -> SafeString | str:
    """As `clock`, to the millisecond where there are any: 09:14:05.120."""
    return _local(value, lambda local: f"{local:%H:%M:%S}{_milliseconds(local)}")


def day_clock(value: datetime | None) -> SafeString | str:
    """A `<time>`: 23 Nov, 09:14:05; where days follow each other."""
    return _local(value, lambda local: f"{day(local.date())}, {local:%H:%M:%S}")


def exact_ms(value: datetime | None) -> SafeString | str:
    """As `exact`, to the millisecond: Mon 23 Nov 2026, 09:14:05.120 CET."""
    if not value:
        return NOTHING
    local = _here(value)
    shown = f"{formats.date_format(local, 'D j M Y, H:i:s')}{_milliseconds(local)}"
    return _time(value.isoformat(), f"{shown} {zone_name(local)}", in_words(value))


def _milliseconds(value: datetime) -> str:
    return f".{value.microsecond // 1000:03}" if value.microsecond else ""


def minute(value: datetime | None) -> SafeString | str:
    """As `clock`, to the minute: 09:14."""
    return _local(value, lambda local: f"{local:%H:%M}")


def on_day(value: datetime | date | None) -> SafeString | str:
    """A `<time>`: the local day, the time with its zone on hover; a day itself is itself."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return day(value)
    return _local(value, lambda local: day(local.date()))


def at(value: datetime | None) -> SafeString | str:
    """A `<time>`: 23 Nov 2026, 09:14 CET."""
    return _local(value, moment)


def _local(value: datetime | None, written: Callable[[datetime], str]) -> SafeString | str:
    if not value:
        return NOTHING
    local = _here(value)
    return _time(local.isoformat(), written(local), exactly(value))


def _time(machine: str, shown: str, hover: str) -> SafeString:
    return format_html('<time datetime="{}" title="{}">{}</time>', machine, hover, shown)


def capitalised(value: Any) -> str:
    """The first letter large, the rest as it is."""
    text = str(value)
    return text[:1].upper() + text[1:]


# --- people ---------------------------------------------------------------------------------------
def is_blank(text: str) -> bool:
    """Whether there is nothing in it that one could see: empty, spaces, invisible signs."""
    return not any(letter.isprintable() and not letter.isspace() for letter in text)


def name_of(value: Any) -> str:
    """The name in a string or in anything with a `display_name`."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    return str(getattr(value, "display_name", "") or "").strip()


def initials(name: str) -> str:
    """Two letters at most: of the first and the last word."""
    parts = [part for part in name.replace("@", " ").split() if part[0].isalnum()]
    if not parts:
        return ""
    letters = parts[0][0] if len(parts) == 1 else parts[0][0] + parts[-1][0]
    return letters.upper()
