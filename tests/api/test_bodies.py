"""What every operation does with a body that is not what it takes, by walking all of them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError
from django.urls import get_resolver
from drf_spectacular.utils import PolymorphicProxySerializer

from config.workspace.api import authentication
from config.workspace.api.fields import KnownFields
from config.workspace.api.parameters import request_shape
from config.workspace.api.views import ApiView
from tests.api.test_contract import OPERATIONS, PROBLEM, SPEC
from tests.api.world import client, make_world

pytestmark = pytest.mark.django_db
BODIES = ("POST", "PUT", "PATCH")
KEY = {"HTTP_IDEMPOTENCY_KEY": "one"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def api():
    return client(make_world().key)


def views(resolver: Any = None) -> Iterator[type[ApiView]]:
    """Every view of ours under /api/."""
    for entry in (resolver or get_resolver()).url_patterns:
        if hasattr(entry, "url_patterns"):
            yield from views(entry)
        elif issubclass(kind := getattr(entry.callback, "view_class", object), ApiView):
            yield kind


def shapes() -> Iterator[tuple[str, Any]]:
    """What each of their methods takes, as the document says it."""
    for kind in views():
        view = kind()
        view.request, view.kwargs = None, {}
        for method in BODIES:
            handler = getattr(view, method.lower(), None)
            if handler is not None:
                yield f"{method} {kind.__name__}", request_shape(view, handler)


def parts(shape: Any) -> list[Any]:
    """The serializers that a shape is made of."""
    if isinstance(shape, PolymorphicProxySerializer):
        return [inner for one in shape.serializers for inner in parts(one)]
    made = shape() if isinstance(shape, type) else shape
    return [getattr(made, "child", made)]


def test_no_body_has_a_field_that_nobody_reads():
    """A field that is not known is refused by every shape, those inside of it too."""
    found = dict(shapes())
    assert len(found) > 40, "the views are not where this test looks for them"
    loose = []
    for name, shape in found.items():
        for one in parts(shape) if shape is not None else ():
            inner = [getattr(field, "child", field) for field in one.fields.values()]
            nested = [field for field in inner if hasattr(field, "fields")]
            settable = [field for field in nested if not field.read_only]
            if not all(isinstance(each, KnownFields) for each in [one, *settable]):
                loose.append(name)
    assert loose == []


def test_a_field_that_is_not_known_is_named_or_nothing_is_there(api):
    for method, path in OPERATIONS:
        if method not in BODIES:
            continue
        body = b'{"no_such": 1, "nor_this": 2}'
        answer = api.generic(method, path, body, "application/json", **KEY)
        assert answer.status_code in (400, 403, 404, 409), (method, path, answer.content)
        assert answer["Content-Type"] == PROBLEM
        if answer.status_code == 400:
            named = {one["path"]: one["code"] for one in answer.json()["errors"]}
            assert named.get("no_such") == named.get("nor_this") == "unknown_field", (method, path)


@pytest.mark.parametrize("path", ["/api/segments/", "/api/consents/", "/api/senders/"])
def test_a_body_that_is_no_json_says_where(api, path):
    answer = api.post(path, b'{"name": "x",\n "slug" "y"}', content_type="application/json")
    body = answer.json()
    assert (answer.status_code, body["line"], body["column"]) == (400, 2, 9)
    answer = api.post(path, b'{"name": "a\\u0000"}', content_type="application/json")
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "name")
    answer = api.post(path, b'[{"name": {"a": ["\\ud800"]}}]', content_type="application/json")
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "[0].name.a[0]")


def test_another_type_of_content_is_415_everywhere(api):
    for method, path in OPERATIONS:
        if method in BODIES:
            for kind in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain"):
                answer = api.generic(method, path, b"name=x", kind, **KEY)
                # what is not there, or not in this state, is said before its body is read
                assert answer.status_code in (415, 403, 404, 409), (method, path, kind)
                assert answer["Content-Type"] == PROBLEM


def test_a_method_that_is_not_there_is_405_and_says_which_are(api):
    for path in {path for _method, path in OPERATIONS}:
        there = {method for method, other in OPERATIONS if other == path}
        for method in set(METHODS) - there:
            answer = api.generic(method, path, b"{}", "application/json")
            assert (answer.status_code, answer["Content-Type"]) == (405, PROBLEM), (method, path)
            allowed = set(answer["Allow"].split(", ")) - {"OPTIONS", "HEAD"}
            assert allowed >= there, (method, path, allowed)


def test_without_a_database_everything_is_503_and_says_when_to_come_again(api, monkeypatch):
    def away(header: str) -> None:
        raise OperationalError("connection to server failed: No such file or directory")

    monkeypatch.setattr(authentication, "key_of", away)
    for method, path in OPERATIONS:
        answer = api.generic(method, path, b"{}", "application/json")
        assert (answer.status_code, answer["Content-Type"]) == (503, PROBLEM), (method, path)
        assert answer["Retry-After"] == "5"
        assert answer.json()["title"] == "Not available now"
        assert "No such file" not in answer.content.decode()


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nope/", "/v1", "/v1/", "/v1/nope"])
def test_an_address_that_is_not_there_is_json(api, path):
    for method in ("GET", "POST"):
        answer = api.generic(method, path, b"{}", "application/json", HTTP_ACCEPT="text/html")
        assert (answer.status_code, answer["Content-Type"]) == (404, PROBLEM), (method, path)


def test_a_fault_in_a_body_has_its_place_from_the_root_of_the_body(api):
    """`path` of a rule begins at the rule, as it always did; `pointer` at the body (RFC 6901)."""
    rule = {"match": "all", "conditions": [{"kind": "trait", "field": "a", "op": "odd"}]}
    for path, body in (
        ("/api/segments/", {"slug": "new", "name": "New", "rule": rule}),
        ("/api/segments/preview/", {"rule": rule}),
    ):
        (error,) = api.post(path, body, format="json").json()["errors"]
        assert error["path"] == "conditions[0].op"
        assert error["pointer"] == "#/rule/conditions/0/op"
    body = {"slug": "", "name": "New", "rule": rule}
    errors = api.post("/api/segments/", body, format="json").json()["errors"]
    assert {one["pointer"] for one in errors} == {"#/slug", "#/rule/conditions/0/op"}
    body = [{"person": "email:a@b.example", "purpose": "marketing", "at_most": {"count": 0}}]
    errors = api.post("/api/consents/", body, format="json").json()["errors"]
    assert {one["pointer"] for one in errors} >= {"#/0/status", "#/0/at_most/count"}
    (error,) = api.get("/api/profiles/?limit=x").json()["errors"]
    assert "pointer" not in error


def test_the_document_says_what_an_error_holds():
    fields = SPEC["components"]["schemas"]["Problem"]["properties"]["errors"]["items"]
    assert {"path", "pointer", "code", "message"} <= set(fields["properties"])
