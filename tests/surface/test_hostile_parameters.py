"""No address fails on anything that may stand in its path, its query or its form."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest
from django.test import Client

from config.workspace.models import Role
from profiles.models import Event
from tests.api.world import World, make_world
from tests.cast import make_user
from tests.surface.routes import address, ask, asked, parameters, routes

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
# as they stand in an address, encoded
VALUES = [
    "%00",
    "a%00b",
    "%C2%B2",  # superscript two: str.isdigit() says yes, int() no
    "%D9%A3",  # arabic three: int() says 3
    "-1",
    "0",
    "9" * 18,
    "9223372036854775808",
    "9" * 5000,
    "1e400",
    "nan",
    "0001-01-01",
    "9999-12-31",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00%2B14:00",
    "0000-00-00",
    "infinity",
    "%ED%A0%80",  # a lone surrogate in UTF-8
    "%FF%FE",
    "%E2%80%AE%F0%9F%98%80",
    "[]",
    "%7B%22a%22%3A1%7D",
    "[" * 2000,
    "cj0xJnA9MQ%3D%3D",  # a cursor that somebody made
    "%27%22%3B--",
    "../../etc/passwd",
    "x" * 3000,
    "00000000-0000-0000-0000-000000000000",
]
LONG = 400
# what forms and bodies take beside the names of queries
FIELDS = [
    *asked(), "rule", "entry", "steps", "goal", "content", "subject", "html", "settings", "email",
    "username", "password", "conditions", "at", "holdout", "window", "variants", "window_days",
]  # fmt: skip
UNTOUCHED = {"console/logout/", "demo/role/"}  # who asks would be somebody else after


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def boss(world) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(make_user(Role.ADMIN), backend="config.workspace.permissions.RoleBackend")
    return client


def known(world: World, route: str = "") -> dict[str, str]:
    event = Event.objects.filter(profile=world.ada).first()
    return {
        "public_id": str(world.ada.public_id),
        "person": str(world.ada.public_id),
        "profile_id": str(world.ada.pk),
        "event_id": str(event.pk) if event else "1",
        "merge_id": str(world.merge_id),
        "number": str(world.suppression_id),
        "slug": "spring" if "campaign" in route else "named" if "segment" in route else "marketing",
        "reason": "no_permission",
        "kind": "content",
        "here": "audience",
        "name": "needs",
        "object_id": "1",
        "source_id": "1",
        "message_id": "1",
        "id": "1",
        "index": "0",
        "token": "a" * 43,
        "category": "tents",
        "app_label": "profiles",
        "url": "nowhere",
        "mail_id": "x",
        "reference": "00000000-0000-4000-8000-000000000000",
        "turn": "confirm",
        "role": "analyst",
    }


def failing(client: Client, asked_for: Iterable[tuple[str, str, Any]]) -> list[str]:
    found = []
    for method, path, data in asked_for:
        answer = (
            ask(client, method, path, json.dumps(data), content_type="application/json")
            if path.startswith("/api/") and method != "GET"
            else ask(client, method, path, data)
        )
        if answer.status_code >= 500:
            reason = repr(answer.exc_info and answer.exc_info[1])[:100]
            found.append(f"{method} {path[:150]} {answer.status_code} {reason}")
    return found


def turned(number: int, most: int, values: Sequence[Any] = VALUES) -> Iterator[Any]:
    """Some of the values, others for each address: all are had over all addresses."""
    return (values[(number * most + n) % len(values)] for n in range(most))


def test_every_value_has_its_turn():
    assert set(VALUES) == {value for n in range(40) for value in turned(n, 3)}
    assert set(VALUES) == {value for n in range(4) for value in turned(n, 9)}


def test_no_path_fails_on_what_stands_in_it(boss, world):
    def asked_for():
        for number, route in enumerate(routes()):
            values = known(world, route)
            for name in parameters(route):
                for value in turned(number, 3, [v for v in VALUES if len(v) < LONG]):
                    yield "GET", address(route, values | {name: value}), {}

    assert failing(boss, asked_for()) == []


def test_no_query_fails_on_what_it_asks(boss, world):
    """All names that any view reads at once, as one cannot say which of them is whose."""

    def asked_for():
        for number, route in enumerate(routes()):
            path = address(route, known(world, route))
            for value in turned(number, 3):
                short = value[:LONG]
                yield "GET", f"{path}?" + "&".join(f"{name}={short}" for name in asked()), {}

    assert failing(boss, asked_for()) == []


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/console/people/", ["q", "before", "after", "new_since", "segment", "order"]),
        ("/console/messages/", ["q", "before", "after", "status", "campaign", "on", "to", "s"]),
        ("/console/live/", ["source", "type", "status"]),
        ("/console/live/newer/", ["event", "rejection"]),
        ("/console/people/{person}/timeline/", ["before", "day", "kind"]),
        ("/console/segments/", ["q", "before", "archived"]),
        ("/console/campaigns/", ["before", "status"]),
        ("/console/campaigns/spring/left-out/no_permission/", ["after", "topic", "purpose"]),
        ("/api/profiles/", ["cursor", "limit", "search", "segment", "seen_since"]),
        ("/api/profiles/{person}/events/", ["cursor", "from", "to", "name"]),
        ("/api/messages/", ["cursor", "limit", "campaign", "state", "person"]),
        ("/api/consents/", ["cursor", "as_of", "person", "purpose"]),
        ("/api/segments/everyone/members/", ["cursor", "as_of", "limit"]),
        ("/api/ingest/messages/", ["cursor", "status", "source"]),
        ("/console/workspace/auditentry/", ["p", "o", "q", "at__gte", "all", "e"]),
    ],
)
def test_no_list_fails_on_one_wrong_parameter(boss, world, path, names):
    """Each by itself: of several the first that is wrong may hide the others."""
    there = path.format(person=world.ada.public_id)
    found = failing(
        boss,
        (
            ("GET", f"{there}?{name}={value}", {})
            for number, name in enumerate(names)
            for value in turned(number, 9)
        ),
    )
    assert found == []


SENT = [None, "a\0b", [[[]]], {"a": {"b": []}}, -(10**30), "²", True]


@pytest.mark.parametrize("value", SENT)
def test_no_form_fails_on_what_is_sent(boss, world, value):
    """Nothing is kept: each is taken back, also what would be done to somebody.

    Each address takes four of the values, others than its neighbour.
    """
    text = value if isinstance(value, str) else json.dumps(value)

    def asked_for():
        for number, route in enumerate(routes()):
            if route in UNTOUCHED or not any(value is one for one in turned(number, 4, SENT)):
                continue
            path = address(route, known(world, route))
            is_api = route.startswith("api/")
            for method in ("POST", "PATCH", "DELETE") if is_api else ("POST",):
                body = value if is_api and method == "DELETE" else dict.fromkeys(FIELDS, value)
                yield method, path, body if is_api else dict.fromkeys(FIELDS, text)

    assert failing(boss, asked_for()) == []
