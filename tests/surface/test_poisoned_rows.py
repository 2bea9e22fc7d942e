"""What one person sends breaks no page: it costs its own row at most, and the neighbours stand."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from datetime import timezone as timezone_of
from itertools import chain
from typing import Any

import pytest
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from config.console import words
from config.workspace.models import Role
from profiles.api import people
from profiles.calls import limits
from profiles.ingest import keys, processor
from profiles.models import (
    DataWarning,
    Event,
    EventItem,
    EventState,
    Identifier,
    Inbox,
    Profile,
    Rejection,
    Source,
)
from profiles.selectors.people import encode_cursor
from profiles.services.sources import create_source
from segments.builder.explain import explain_rule
from segments.rules import parse_rule
from segments.rules.compiler import CompileContext, members_of
from tests.cast import make_user
from tests.surface.poison import DATES, NUMBERS, calls
from tests.surface.routes import ask

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ROOM = 400_000  # bytes of a batch


@pytest.fixture
def poisoned() -> Profile:
    """Everything hostile, through the real inbox, with neighbours before and after."""
    keys._known.clear()
    _source, key = create_source(name="shop", kind="server")
    basic = base64.b64encode(f"{key}:".encode()).decode()
    client = Client(headers={"Authorization": f"Basic {basic}"})
    for part in _parts([*ordinary("ada"), *calls(), *ordinary("ben")]):
        body = f'{{"batch": [{", ".join(part)}]}}'.encode()
        answer = client.post("/v1/batch", body, content_type="application/json")
        assert answer.status_code == 200, answer.content[:500]
    while processor.work():
        pass
    keys._known.clear()
    assert not Inbox.objects.exists()
    assert not Rejection.objects.filter(code="processing_failed").exists()
    return Profile.objects.get(pk=Identifier.objects.get(kind="user_id", value="poison").profile_id)


def _parts(found: list[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for call in found:
        if sum(map(len, part)) + len(call) > ROOM:
            yield part
            part = []
        part.append(call)
    yield part


def ordinary(name: str) -> list[str]:
    return [
        f'{{"type": "identify", "messageId": "i-{name}", "userId": "{name}", "traits":'
        f' {{"name": "{name.title()} Ordinary", "email": "{name}@example.com"}}}}',
        f'{{"type": "track", "messageId": "o-{name}", "userId": "{name}", "event":'
        f' "Order Completed", "properties": {{"revenue": 120.5, "order_id": "{name}-1"}}}}',
    ]


@pytest.fixture
def boss() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(make_user(Role.ADMIN), backend="config.workspace.permissions.RoleBackend")
    return client


def test_no_page_and_no_list_fails_while_the_person_is_in_view(poisoned, boss):
    one = f"/console/people/{poisoned.public_id}/"
    api = f"/api/profiles/{poisoned.public_id}/"
    neighbours = {  # pages, and of whom something stands there
        "/console/people/": "Ada Ordinary|Ben Ordinary",
        "/console/live/": "Ben Ordinary",
        "/console/": "",
        "/console/home/loop/": "",
        "/console/home/charts/": "",
        "/console/search/?q=ben": "",
        "/api/profiles/": "Ada Ordinary|Ben Ordinary",
        "/api/ingest/messages/": "number_out_of_range",
        "/console/profiles/eventdefinition/": "Order Completed",
        "/console/profiles/source/": "shop",
        one: "",
        f"{one}timeline/": "",
        f"{one}timeline/?kind=orders": "",
        api: "",
        f"{api}events/": "Order Completed",
        f"{api}?lineage=1": "",
        f"{api}messages/": "",
        f"{api}consents/": "",
        f"{api}segments/": "",
    }
    events = Event.objects.filter(profile_id=poisoned.pk).values_list("pk", flat=True)
    traces = dict.fromkeys((f"/console/live/{poisoned.pk}/{n}/" for n in events), "")
    failed = []
    for path, names in (neighbours | traces).items():
        answer = ask(boss, "GET", path)
        text = answer.content.decode()
        if answer.status_code != 200 or not all(name in text for name in names.split("|")):
            failed.append((path, answer.status_code, repr(answer.exc_info)[:200]))
    assert failed == []


def test_what_cannot_be_used_is_seen_by_source_and_kind(poisoned, boss):
    live = ask(boss, "GET", "/console/live/").content.decode()
    source = Source.objects.get(name="shop")
    assert "Kept, but not all of it usable" in live
    address = f"/console/profiles/datawarning/?source__id__exact={source.pk}"
    assert address in live
    page = ask(boss, "GET", address)
    assert page.status_code == 200 and "Order Completed" in page.content.decode()


def test_a_row_that_fails_for_any_reason_costs_itself(poisoned, boss, monkeypatch, caplog):
    """What nobody thought of: writing one amount raises, wherever it stands."""
    plain = words._decimal

    def failing(value):
        if value == 241.0:
            raise ArithmeticError("about Ben Ordinary")
        return plain(value)

    ben = Identifier.objects.get(kind="user_id", value="ben").profile_id
    EventState.objects.filter(profile_id=ben).update(sum=241.0)
    Event.objects.filter(message_id="o-ben").update(value=241.0, properties={"revenue": 241.0})
    monkeypatch.setattr(words, "_decimal", failing)
    for path in ("/console/people/", "/console/live/"):
        text = ask(boss, "GET", path).content.decode()
        assert "This row cannot be shown (ArithmeticError)" in text, path
        assert "Ada Ordinary" in text or text.count("r-ev is-ok") > 5
        assert "about Ben" not in text
    assert "a row could not be shown" in caplog.text

    def no_events(page, shown):
        if any(event.message_id == "o-ben" for event in page):
            raise ArithmeticError
        return [{"message_id": event.message_id} for event in page]

    monkeypatch.setattr(people, "_event_answers", no_events)
    person = Profile.objects.get(pk=ben).public_id
    rows = ask(boss, "GET", f"/api/profiles/{person}/events/").json()["results"]
    assert [row for row in rows if row.get("cannot_be_shown") == "ArithmeticError"]
    assert len(rows) == 2


@pytest.mark.parametrize("key", ["²", "x", "9" * 5_000, "9" * 19, "event:²", "event:", "-1", "a:b"])
def test_a_cursor_that_somebody_made_is_no_page(poisoned, boss, key):
    for at in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)):
        for zone in (UTC, timezone_of(timedelta(hours=14)), timezone_of(-timedelta(hours=14))):
            cursor = encode_cursor(at.replace(tzinfo=zone), key)
            for path in (
                "/console/people/",
                "/console/messages/",
                f"/console/people/{poisoned.public_id}/timeline/",
            ):
                for name in ("before", "after"):
                    assert ask(boss, "GET", f"{path}?{name}={cursor}").status_code < 500


def test_a_number_that_no_sum_can_hold_is_kept_as_sent_and_counts_nowhere(poisoned):
    huge = Event.objects.get(message_id="Order Com-huge")
    assert (huge.value, huge.properties["revenue"]) == (None, 10**308)
    assert Event.objects.get(message_id="o-ada").value == 120.5
    for model, column in ((Event, "value"), (EventItem, "price"), (EventItem, "quantity")):
        numbers = model.objects.exclude(**{column: None}).values_list(column, flat=True)
        assert max(map(abs, numbers)) <= limits.MAX_AMOUNT
    assert abs(EventState.objects.aggregate(n=Sum("sum"))["n"]) < 10 * limits.MAX_AMOUNT
    warned = DataWarning.objects.filter(code="value_out_of_range")
    found = dict(warned.filter(event_name="Order Completed").values_list("detail", "count"))
    beyond = {"huge", "most", "less", "beyond", "digits", "exp_text"}
    assert found == dict.fromkeys(("revenue", "products.price", "products.quantity"), len(beyond))
    assert beyond < set(NUMBERS)


def _rules() -> Iterator[dict[str, Any]]:
    numbers = [1.5, 10**30, -1e300, {"between": [0.5, 1e307]}]
    for name in ("revenue", "value", "at", "products"):
        for number in numbers:
            pair = ("between", number["between"]) if isinstance(number, dict) else ("gt", number)
            test = {"property": name, "op": pair[0], "value": pair[1]}
            event = {"kind": "event", "name": "Order Completed"}
            yield event | {"where": [test]}
            for agg in ("sum", "avg", "max", "count_distinct"):
                measure = {"agg": agg, "property": name, "op": pair[0], "value": pair[1]}
                yield event | {"measure": measure}
    for op, value in (
        ("before", "9999-12-31"),
        ("after", "0001-01-01"),
        ("between", ["0001-01-01", "9999-12-31"]),
        ("in_last", {"months": 1_200}),
        ("in_next", {"months": 1_200}),
        ("anniversary_in", {"days": 30}),
        ("gt", 0.5),
        ("matches", "^(0001|9999)"),
        ("contains", "0"),
    ):
        test = {"op": op, "value": value}
        yield from ({"kind": "trait", "field": name} | test for name in ("birthday", "plan"))
        if op not in ("matches", "contains"):
            yield {"kind": "event", "name": "Booked", "where": [{"property": "at"} | test]}


def test_no_rule_fails_on_the_values_of_one_person(poisoned):
    """A condition over what somebody sent finds whom it finds; it never ends the query."""
    found = set()
    for day in [None, *DATES]:
        if day:  # each of them as the trait in use
            Profile.objects.filter(pk=poisoned.pk).update(traits={"birthday": day, "plan": day})
        rules = list(_rules()) if day is None else [r for r in _rules() if r["kind"] == "trait"]
        rule = parse_rule({"match": "any", "conditions": rules})
        found |= members_of(rule, CompileContext(as_of=timezone.now()))
    assert poisoned.pk in found
    explained = explain_rule(parse_rule({"match": "any", "conditions": list(_rules())}), poisoned)
    assert len(explained.clauses) == len(list(_rules()))
    assert list(chain(explained.clauses))[0].found
