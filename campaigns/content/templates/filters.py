"""The filters that marketers know from their tools, and safe ones in place of the library's.

Spellings follow Braze's and Shopify's published filters. Each takes plain values and never raises
on odd ones: a missing trait must not stop a mail.
"""

import base64
import hashlib
import hmac
import html
import json
import urllib.parse
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import nh3
from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency, format_decimal, is_currency
from dateutil import parser as date_parser  # type: ignore[import-untyped]
from liquid import Environment, Markup
from liquid.exceptions import FilterArgumentError
from liquid.extra import index, sort_numeric
from liquid.filter import with_context, with_environment
from liquid.undefined import is_undefined
from liquid.utils.html import strip_tags

from campaigns.content.errors import ContentError
from campaigns.content.markup import check_shape
from campaigns.content.templates.context import MailContext

_MAX_DATE_TEXT = 100  # characters; longer is no date, and the parser is slow
_MAX_FORMAT = 200
_MAX_INDENT = 8
_MAX_EXPONENT = 30  # 1e999999 would be written out with all its digits


def _text(value: object) -> str:
    return "" if value is None or is_undefined(value) else str(value)


def _moment(value: object, now: datetime) -> datetime | None:
    """`value` as a time on the reader's clock, which is that of `now`; None where it is no time.

    What names no zone is the reader's own. A datetime, as `time_zone` returns it, keeps its zone.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=now.tzinfo)
    if isinstance(value, date):
        return datetime.combine(value, time.min, tzinfo=now.tzinfo)
    text = _text(value).strip()
    if text in ("now", "today"):
        return now
    if isinstance(value, bool) or not text or len(text) > _MAX_DATE_TEXT:
        return None
    return _parsed(text, now)


def _parsed(text: str, now: datetime) -> datetime | None:
    try:
        if text.isdigit() and len(text) != len("20260131"):
            return datetime.fromtimestamp(int(text), now.tzinfo)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        moment: datetime = date_parser.parse(text, default=midnight)
    except (ValueError, OverflowError, OSError, TypeError):
        return None
    try:
        return moment.astimezone(now.tzinfo) if moment.tzinfo else moment
    except OverflowError:
        return moment


@with_environment
@with_context
def date_filter(
    value: object, pattern: object = "", *, context: MailContext, environment: Environment
) -> object:
    """`value` by a strftime pattern; what is no time comes back as it is."""
    if is_undefined(value) or value is None:
        return ""
    moment = _moment(value, context.state.now)
    layout = _text(pattern)[:_MAX_FORMAT]
    if moment is None or not layout:
        return value
    if layout == "%s":
        return str(int(moment.timestamp()))
    text = moment.strftime(layout)
    return Markup(text) if environment.autoescape and isinstance(pattern, Markup) else text


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@with_context
def time_zone(value: object, zone: object = "UTC", *, context: MailContext) -> object:
    """The moment on the clocks of `zone` (an IANA name). Raises FilterArgumentError if unknown."""
    moment = _moment(value, context.state.now)
    if moment is None:
        return value
    if _text(zone) not in _zones():
        raise FilterArgumentError(f"unknown time zone '{_text(zone)[:60]}'", token=None)
    return moment.astimezone(ZoneInfo(_text(zone)))


def _number(value: object) -> Decimal | None:
    try:
        number = Decimal(_text(value).strip())
    except InvalidOperation:
        return None
    small = number.is_finite() and abs(number.adjusted()) <= _MAX_EXPONENT
    return number if small and not isinstance(value, bool) else None


@lru_cache(maxsize=256)
def _locale(name: str) -> Locale:
    try:
        return Locale.parse(name.replace("-", "_")[:20])
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


@with_context
def money(value: object, currency: object = None, *, context: MailContext) -> object:
    """`12.5` as `€12.50`: the argument's or the data's `currency`, in the data's `locale`.

    Without a currency, two decimals and no sign. What is no number comes back as it is.
    """
    number = _number(value)
    if number is None:
        return value
    locale = _locale(_text(context.resolve("locale", default="")) or "en")
    code = _text(currency or context.resolve("currency", default="")).upper()
    if is_currency(code):
        return format_currency(number, code, locale=locale)
    return format_decimal(number, "#,##0.00", locale=locale)


def number_with_delimiter(value: object, delimiter: object = ",") -> object:
    """`1234567.5` as `1,234,567.5`, or with "." as `1.234.567,5`; other values as they are."""
    number = _number(value)
    if number is None:
        return value
    whole, _, decimals = f"{number:,f}".partition(".")
    point = "," if delimiter == "." else "."
    return whole.replace(",", _text(delimiter)[:5]) + (point + decimals if decimals else "")


def digest(value: object, *, algorithm: str) -> str:
    """The hexadecimal digest of the text."""
    return hashlib.new(algorithm, _text(value).encode(), usedforsecurity=False).hexdigest()


def keyed_digest(value: object, key: object = "", *, algorithm: str, encoding: str = "hex") -> str:
    """The HMAC of the text under `key`, as hex or base64."""
    result = hmac.new(_text(key).encode(), _text(value).encode(), algorithm).digest()
    return result.hex() if encoding == "hex" else base64.b64encode(result).decode()


def to_json(value: object, indent: object = None) -> str:
    """The value as JSON; times in ISO form."""
    width = indent if isinstance(indent, int) and 0 < indent <= _MAX_INDENT else None
    plain = None if is_undefined(value) else value
    return json.dumps(plain, default=str, indent=width, ensure_ascii=False)


def json_escape(value: object) -> str:
    """The text as it stands between the quotes of a JSON string."""
    return json.dumps(_text(value), ensure_ascii=False)[1:-1]


def url_escape(value: object) -> str:
    """Percent-encode what may not stand in an address; `/?&=` stay."""
    return urllib.parse.quote(_text(value), safe="!*'();:@&=+$,/?#[]%")


def url_param_escape(value: object) -> str:
    """Percent-encode all that may not stand in one parameter's value."""
    return urllib.parse.quote(_text(value), safe="")


def property_accessor(value: object, key: object) -> object:
    """`value[key]`, for keys with blanks; nothing where either is missing."""
    return value.get(_text(key)) if isinstance(value, Mapping) and not is_undefined(value) else None


@with_environment
def sanitised(value: object, *, environment: Environment) -> str:
    """`safe`: mark-up from data, without anything that could run or reach out of its place.

    The library's own `safe` trusts the value; ours may have come from any web form.
    """
    if isinstance(value, Markup) or not environment.autoescape:
        return value if isinstance(value, str) else _text(value)
    return Markup(nh3.clean(_text(value)))


@with_environment
def strip_html(value: object, *, environment: Environment) -> str:
    """Without tags, comments, scripts and styles; what is never closed stays as it is."""
    text = _text(value)
    try:
        check_shape(text)
        stripped = strip_tags(text)
    except (ContentError, AssertionError):
        stripped = text
    return Markup(stripped) if environment.autoescape and isinstance(value, Markup) else stripped


@with_environment
def escape_once(value: object, *, environment: Environment) -> str:
    """Escape, but not what is escaped already. The library's turns escaped mark-up live again."""
    text = html.escape(html.unescape(_text(value)))
    return Markup(text) if environment.autoescape else text


def decoded(value: object, *, url_safe: bool) -> str:
    """Base64 to text. Raises FilterArgumentError for what is no base64 of UTF-8."""
    decode = base64.urlsafe_b64decode if url_safe else base64.b64decode
    try:
        return decode(_text(value)).decode()
    except ValueError as error:
        raise FilterArgumentError("invalid base64-encoded string", token=None) from error


def _hmacs() -> dict[str, Callable[..., Any]]:
    names: dict[str, Callable[..., Any]] = {}
    for algorithm in ("sha1", "sha256", "sha512"):
        plain = partial(keyed_digest, algorithm=algorithm)
        names[f"hmac_{algorithm}"] = names[f"hmac_{algorithm}_hex"] = plain
        names[f"hmac_{algorithm}_base64"] = partial(plain, encoding="base64")
    return names


FILTERS: dict[str, Callable[..., Any]] = {
    "date": date_filter,
    "time_zone": time_zone,
    "money": money,
    "number_with_delimiter": number_with_delimiter,
    "md5": partial(digest, algorithm="md5"),
    "sha1": partial(digest, algorithm="sha1"),
    "sha2": partial(digest, algorithm="sha256"),
    "sha256": partial(digest, algorithm="sha256"),
    "sha512": partial(digest, algorithm="sha512"),
    **_hmacs(),
    "json": to_json,
    "json_escape": json_escape,
    "url_escape": url_escape,
    "url_param_escape": url_param_escape,
    "property_accessor": property_accessor,
    "base64_decode": partial(decoded, url_safe=False),
    "base64_url_safe_decode": partial(decoded, url_safe=True),
    "safe": sanitised,
    "escape_once": escape_once,
    "strip_html": strip_html,
    "index": index,
    "sort_numeric": sort_numeric,
}
