"""From what a marketer wrote to what one person gets.

`compile_content` runs once at save and gives plain JSON. `render` runs once a person: three
cached templates and no parsing.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from campaigns.content.addresses import wire_url
from campaigns.content.compiling.html import (
    OWN_LINKS,
    PreparedHtml,
    add_footer,
    add_text_footer,
    prepare,
)
from campaigns.content.compiling.mjml import compile_mjml
from campaigns.content.compiling.text import from_html, preheader, tidy
from campaigns.content.errors import ContentError, ContentProblem, position
from campaigns.content.masks import piece_at, pieces
from campaigns.content.templates import liquid
from campaigns.content.templates.context import RenderState
from config.workspace.zone_names import zone_of

MARKETING = "marketing"
LAST_LINK = 9999  # what the address of a click has room for
_TAG = re.compile(r"<[^<>]*>")
_MAX_PREHEADER = 200  # characters
_MAX_SUBJECT = 998  # characters; a header line of RFC 5322 holds no more
_LABELS = ("unsubscribe_label", "preferences_label", "why_label")
_GIVEN = {*OWN_LINKS, *_LABELS, "postal_address", "now", "today"}


@dataclass(slots=True)
class Compiled:
    """Content ready to send; `to_dict` and `Compiled(**d)` round-trip through JSON.

    `links[n]` is the address of link n as written: plain where the same for everybody, else Liquid.
    `variables` are the names that the data must bring, `bare` those of them that are used without a
    `default` somewhere; `problems` are `Problem.to_dict()`. `derived` are the parts (html, text)
    whose lines are not those of what was written.
    """

    subject: str
    html: str
    text: str
    links: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    preheader: str = ""
    purpose_class: str = MARKETING
    bare: list[str] = field(default_factory=list)
    derived: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, for the store."""
        return asdict(self)

    @property
    def usable(self) -> bool:
        """False where a problem is an error."""
        return all(problem["severity"] != "error" for problem in self.problems)


@dataclass(frozen=True, slots=True)
class MessageUrls:
    """The addresses of one message. The tracked form of link n is `click` followed by n.

    Without `click` links lead where they lead. `campaign` names the campaign, not the person: it
    is all that an unmeasured link carries.
    """

    unsubscribe: str = ""
    preferences: str = ""
    view: str = ""
    open_pixel: str = ""
    click: str = ""
    campaign: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One person's mail. `missing` are names written out for which the data had no value.

    `links` are the measured links that are this person's own: number, place in the content, and
    the address that a click leads to.
    """

    subject: str
    html: str
    text: str
    missing: list[str] = field(default_factory=list)
    links: list[tuple[int, int, str]] = field(default_factory=list)


def compile_content(
    subject: str,
    html: str = "",
    text: str = "",
    *,
    mjml: str = "",
    purpose_class: str = MARKETING,
) -> Compiled:
    """Check and prepare content. `mjml` wins over `html`; `text` is derived where it is empty.

    MJML that cannot be compiled gives problems, not an exception. Raises ContentError for Liquid
    that is wrong.
    """
    marketing = purpose_class == MARKETING
    with _part("subject"):
        _refuse_own_tags(subject)
        liquid.parse(subject)
    with _part("source"):
        _refuse_own_tags(html)
        _refuse_own_tags(mjml)
        html, found = compile_mjml(mjml) if mjml else (html, [])
        source = add_footer(html) if marketing and html else html
        prepared = _prepared(source, mjml, pixel=marketing)
    found += [ContentProblem(p.message) if mjml else p for p in prepared.problems]
    with _part("text"):
        _refuse_own_tags(text)
        plain = _plain_text(source, text, prepared, marketing, found)
        names = _names(liquid.variables, subject, prepared.html, plain)
        bare = _names(liquid.unguarded, subject, prepared.html, plain)
    return Compiled(
        subject,
        prepared.html,
        plain,
        prepared.links,
        names,
        [problem.to_dict() for problem in found],
        preheader(source) if source else "",
        purpose_class,
        bare,
        [*["html"] * bool(mjml), *["text"] * (not text.strip())],
    )


@contextmanager
def _part(name: str) -> Iterator[None]:
    """What is wrong in here is wrong with that part of the content."""
    try:
        yield
    except ContentError as error:
        error.part = error.part or name
        raise


def _prepared(source: str, mjml: str, *, pixel: bool) -> PreparedHtml:
    """Raises ContentError, in lines of the MJML where the HTML was made of that."""
    try:
        prepared = prepare(source, pixel=pixel) if source else PreparedHtml("")
        liquid.parse(prepared.html)
    except ContentError:
        if mjml:
            liquid.parse(mjml)
        raise
    return prepared


def _refuse_own_tags(source: str) -> None:
    for piece in pieces(source):
        if piece.name.startswith("__"):
            place = position(source, piece.start)
            raise ContentError(f"the tag '{piece.name}' is made by the console alone", *place)


def _plain_text(
    source: str, text: str, prepared: PreparedHtml, marketing: bool, found: list[ContentProblem]
) -> str:
    if text.strip():
        return add_text_footer(text) if marketing else text
    derived = from_html(source, prepared) if source else ""
    try:
        liquid.parse(derived, escape=False)
    except ContentError:
        # a condition that opens in one attribute and closes in another has no plain text form
        found.append(ContentProblem("no plain text can be derived from this HTML: write one"))
        return "{{ view_url }}\n"
    return derived


def _names(found_in: Callable[[str], set[str]], *sources: str) -> list[str]:
    names = {name for source in sources for name in found_in(source)}
    return sorted(name for name in names if name not in _GIVEN)


class _Links:
    """The addresses of one message, measured or not.

    A link that says the same to everybody has the number of its place in the content. One that is
    written with Liquid has a number for each address that it came to in this very mail: in a loop
    they are many. `kept` holds those: number -> (place, address).
    """

    __slots__ = ("_links", "_measuring", "_numbers", "_urls", "kept")

    def __init__(self, links: list[str], urls: MessageUrls, measuring: bool) -> None:
        self._links, self._urls, self._measuring = links, urls, measuring
        self._numbers: dict[tuple[int, str], int] = {}
        self.kept: dict[int, tuple[int, str]] = {}

    def href(self, index: int, url: str | None = None) -> str:
        """Tracked where the person allows it, else the plain address with the campaign's name."""
        target = url or self._links[index]
        if not self._measuring:
            return tagged(target, self._urls.campaign)
        number = index if url is None else self._number(index, url)
        if number > LAST_LINK:
            return tagged(target, self._urls.campaign)
        return f"{self._urls.click}{number}" if self._urls.click else target

    def _number(self, index: int, url: str) -> int:
        number = self._numbers.get((index, url))
        if number is None:
            number = index if index not in self.kept else len(self._links) + len(self._numbers)
            self._numbers[index, url] = number
            self.kept[number] = (index, tagged(url, self._urls.campaign))
        return number

    def pixel(self) -> str:
        """Only where the person may be measured."""
        return self._urls.open_pixel if self._measuring else ""


@lru_cache(maxsize=4096)
def tagged(url: str, campaign: str) -> str:
    """`url` with `utm_campaign`, unless it has one, and its host in ASCII.

    A mail program that knows IDNA 2003 alone would lead from `straße.de` to the owner of another.
    """
    url = wire_url(url)
    try:
        parts = urlsplit(url)
        if not campaign or "utm_campaign" in dict(parse_qsl(parts.query)):
            return url
    except ValueError:  # no address that the standard knows: leave it as the marketer wrote it
        return url
    query = f"{parts.query}&" if parts.query else ""
    return urlunsplit(parts._replace(query=f"{query}utm_campaign={quote(campaign, safe='')}"))


def _zone(data: Mapping[str, Any]) -> ZoneInfo:
    for owner in ("profile", "workspace"):
        facts = data.get(owner)
        name = facts.get("time_zone") if isinstance(facts, Mapping) else None
        if isinstance(name, str) and (zone := zone_of(name)):
            return zone
    return ZoneInfo("UTC")


def render(
    compiled: Compiled,
    *,
    data: Mapping[str, Any],
    urls: MessageUrls,
    measuring: bool,
    now: datetime | None = None,
) -> Rendered:
    """One person's mail. `data` holds plain values only; `postal_address` comes in it too.

    Times in it are by the person's clock (`profile.time_zone`), else by the workspace's.

    Raises Abort where the template says so, ContentError where it fails on this data.
    """
    clock = (now or datetime.now(UTC)).astimezone(_zone(data))
    links = _Links(compiled.links, urls, measuring)
    state = RenderState(clock, {}, links)
    values = {
        **data,
        "unsubscribe_url": urls.unsubscribe,
        "preferences_url": urls.preferences,
        "why_url": urls.why or urls.preferences,
        "view_url": urls.view,
        "view_in_browser_url": urls.view,
    }
    with _part("subject"):
        subject = " ".join(_run(compiled.subject, values, state, False).split())[:_MAX_SUBJECT]
    with _part("source"):
        html = _run_own(compiled, "html", values, state)
    with _part("source" if "text" in compiled.derived else "text"):
        text = tidy(_run_own(compiled, "text", values, state))
    own = [(number, *kept) for number, kept in links.kept.items() if number <= LAST_LINK]
    return Rendered(subject, html, text, list(state.missing), own)


def render_preheader(compiled: Compiled, data: Mapping[str, Any]) -> str:
    """What an inbox shows beside this person's subject; "" where a block was cut in two.

    Raises Abort.
    """
    try:
        words = _run(compiled.preheader, data, RenderState(), False)
    except ContentError:
        return ""
    return " ".join(unescape(_TAG.sub(" ", words)).split())[:_MAX_PREHEADER]


def _run_own(compiled: Compiled, name: str, values: Mapping[str, Any], state: RenderState) -> str:
    """Lines of what we made of it say nothing to whoever wrote it: the Liquid there does."""
    source: str = getattr(compiled, name)
    try:
        return _run(source, values, state, name == "html")
    except ContentError as error:
        if name in compiled.derived and error.line and error.column:
            error.piece = piece_at(source, error.line, error.column)
            error.line = error.column = None
        raise


def _run(source: str, values: Mapping[str, Any], state: RenderState, escape: bool) -> str:
    if not source:
        return ""
    return liquid.run(liquid.parse(source, escape=escape), values, state)
