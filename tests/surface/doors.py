"""A walk through the console by its own links: what each page offers, and whether it opens."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

from config.workspace.models import User
from config.workspace.pages.open_pages import is_open

MOST_ALIKE = 1  # of pages of one kind; permissions differ by kind
# a sorted list, another page of it and what somebody looks for offer nothing new
SAME_PAGE = {"o", "p", "e", "q", "before", "after", "all", "_facets", "_changelist_filters"}
ENDS_THE_WALK = {"admin:logout", "admin:end_sessions", "admin:language"}
WAYS = ("GET", "POST")


@dataclass(frozen=True)
class Door:
    """A link, a form or what htmx asks for, and the page that it stands on."""

    method: str
    url: str
    page: str
    is_part: bool = False

    @property
    def path(self) -> str:
        """Without the query."""
        return urlsplit(self.url).path

    def kind(self) -> tuple[Any, ...]:
        """Doors of one kind lead to the same view with the same questions."""
        asked = {name for name, _value in parse_qsl(urlsplit(self.url).query)} - SAME_PAGE
        return self.method, self.is_part, resolve(self.path).route, frozenset(asked)


@dataclass
class _Form:
    method: str
    action: str
    name: str
    is_sent: bool = False  # whether a button of it is there to press


class _Doors(HTMLParser):
    """Collects them from one page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.found: list[Door] = []
        self.forms: list[_Form] = []
        self.within: list[_Form] = []
        self.pressed: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("a", "area") and given.get("href"):
            self._add("GET", given["href"])
        if tag == "iframe" and given.get("src"):
            self._add("GET", given["src"])
        for method in WAYS:
            if f"hx-{method.lower()}" in given:
                self._add(method, given[f"hx-{method.lower()}"], is_part=True)
        if tag == "form":
            method = given.get("method", "get").upper()
            form = _Form(method, given.get("action", ""), given.get("id", ""))
            self.forms.append(form)
            self.within.append(form)
        is_button = tag == "button" and given.get("type", "submit") == "submit"
        if is_button or (tag == "input" and given.get("type") in ("submit", "image")):
            self._press(given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self.within:
            self.within.pop()

    def _press(self, given: dict[str, str]) -> None:
        if "form" in given:
            self.pressed.add(given["form"])
        elif self.within:
            self.within[-1].is_sent = True
        if "formaction" in given:
            self._add("POST", given["formaction"])

    def _add(self, method: str, url: str, *, is_part: bool = False) -> None:
        whole = urljoin(self.page, url)
        if urlsplit(whole).path.startswith("/console/") and not urlsplit(whole).netloc:
            self.found.append(Door(method, whole.partition("#")[0], self.page, is_part))

    def doors(self) -> list[Door]:
        """All of the page, forms among them."""
        for form in self.forms:
            if form.method in WAYS and (form.is_sent or form.name in self.pressed):
                self._add(form.method, form.action)
        return self.found


def doors_of(page: str, html: str) -> list[Door]:
    """What the page at this address offers."""
    parser = _Doors(page)
    parser.feed(html)
    return parser.doors()


@dataclass
class Walk:
    """Through everything that the console offers to one user; `shut` is what does not open."""

    user: User
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))
    shut: list[str] = field(default_factory=list)
    seen: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    pages: int = 0

    def go(self, start: str = "/console/") -> "Walk":
        """Follow every link once, press nothing: of a form only whether its act is allowed."""
        self.client.force_login(self.user, backend="config.workspace.permissions.RoleBackend")
        left = deque([Door("GET", start, start)])
        while left:
            door = left.popleft()
            if self._is_new(door):
                left.extend(self._behind(door))
        return self

    def _is_new(self, door: Door) -> bool:
        try:
            kind = door.kind()
        except Resolver404:
            self._note(door, "no such address")
            return False
        self.seen[kind] += 1
        return self.seen[kind] <= MOST_ALIKE and resolve(door.path).view_name not in ENDS_THE_WALK

    def _behind(self, door: Door) -> Iterator[Door]:
        if door.method == "POST":
            if not is_open(self.user, door.url, "POST"):
                self._note(door, "its act is refused")
            return
        answer = self.client.get(door.url, headers={"hx-request": "true"} if door.is_part else {})
        self.pages += 1
        if answer.status_code == 302:  # noqa: PLR2004 - to where one goes on
            yield Door("GET", urljoin(door.url, answer["Location"]), door.page)
        elif answer.status_code not in (200, 204):  # noqa: PLR2004 - 204: nothing new has come
            self._note(door, answer.status_code)
        elif "html" in answer.headers["Content-Type"] and not answer.streaming:
            yield from doors_of(door.url, answer.content.decode())

    def _note(self, door: Door, why: Any) -> None:
        self.shut.append(f"{door.method} {door.url} on {door.page}: {why}")
