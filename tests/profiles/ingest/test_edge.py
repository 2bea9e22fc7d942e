"""What stock clients rely on at the ingest API's edge."""

import base64
import gzip
import json
import zlib

import pytest
from django.db import OperationalError
from django.test import Client

from profiles.ingest import inbox
from profiles.models import Event, Inbox, Rejection

from .conftest import Caller, make_source, work_off

pytestmark = pytest.mark.django_db
TRACK = {"type": "track", "event": "Seen", "userId": "u1"}
RAW = {"Content-Type": "text/plain"}


def raw(client, path, body, content_type="application/json", **headers):
    return client.generic("POST", path, body, content_type=content_type, headers=headers)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("identify", {"traits": {"a": 1}}),
        ("i", {}),
        ("track", {"event": "E"}),
        ("t", {"event": "E"}),
        ("page", {"name": "Home"}),
        ("p", {}),
        ("screen", {"name": "Home"}),
        ("s", {}),
        ("group", {"groupId": "g"}),
        ("g", {"groupId": 7}),
        ("alias", {"previousId": "old"}),
        ("a", {"previousId": "old"}),
        ("batch", {"batch": [TRACK]}),
        ("b", {"batch": [TRACK]}),
        ("import", {"batch": [TRACK]}),
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_every_path_takes_both_spellings(call, path, body, slash):
    answer = call.post(f"/v1/{path}{slash}", {"userId": "u1", "anonymousId": None, **body})
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    work_off()
    assert Event.objects.count() == 1
    assert not Rejection.objects.exists()


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "",
        "multipart/form-data; boundary=x",
        "application/json",
    ],
)
def test_the_body_is_read_whatever_its_content_type_says(source, content_type):
    body = json.dumps({**TRACK, "writeKey": "key-shop"}).encode()
    answer = raw(Client(), "/v1/track", body, content_type)
    assert answer.status_code == 200, answer.content


@pytest.mark.parametrize("where", ["basic", "bearer", "body", "query", "header"])
def test_the_key_is_taken_from_wherever_clients_put_it(source, where):
    basic = base64.b64encode(b"key-shop:").decode()
    headers = {
        "basic": {"Authorization": f"Basic {basic}"},
        "bearer": {"Authorization": "Bearer key-shop"},
        "header": {"X-Write-Key": "key-shop"},
    }.get(where, {})
    body = {"batch": [TRACK]} | ({"writeKey": "key-shop"} if where == "body" else {})
    path = "/v1/batch" + ("?writeKey=key-shop" if where == "query" else "")
    assert raw(Client(), path, json.dumps(body).encode(), **headers).status_code == 200


def test_calls_are_taken_in_by_address_whatever_names_are_listed(source, settings):
    settings.ALLOWED_HOSTS = ["rapport.example"]
    body = json.dumps({**TRACK, "writeKey": "key-shop"}).encode()
    assert raw(Client(HTTP_HOST="10.0.0.5:8000"), "/v1/track", body).status_code == 200


@pytest.mark.parametrize("key", ["wrong", "", "x" * 5000, "ключ"])
def test_a_bad_key_is_401_in_json(source, key):
    answer = Caller(key).batch(TRACK)
    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_write_key"
    assert answer.json()["message"]
    assert not Inbox.objects.exists()


def test_a_disabled_source_is_refused(db):
    make_source("off", enabled=False)
    assert Caller("key-off").batch(TRACK).status_code == 401


def test_gzip_is_unpacked_and_a_bomb_is_not(call):
    packed = gzip.compress(json.dumps({"batch": [TRACK]}).encode())
    assert call.post("/v1/batch", packed, **{"Content-Encoding": "gzip"}).status_code == 200
    assert call.post("/v1/batch", packed).status_code == 200
    bomb = gzip.compress(b"[" * 50_000_000)
    answer = call.post("/v1/batch", bomb, **{"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    broken = call.post("/v1/batch", packed[:-9], **{"Content-Encoding": "gzip"})
    assert (broken.status_code, broken.json()["code"]) == (400, "invalid_gzip")
    deflated = zlib.compress(b"{}")
    assert call.post("/v1/batch", deflated, **{"Content-Encoding": "deflate"}).status_code == 400


def test_over_500_kb_is_413_with_a_reason(call):
    item = {**TRACK, "properties": {"x": "y" * 30_000}}
    answer = call.batch(*[item] * 18)
    assert answer.status_code == 413
    assert "500 KB" in answer.json()["message"]
    assert call.batch(*[item] * 16).status_code == 200


def test_an_item_over_32_kb_is_refused_visibly_and_the_others_are_kept(call):
    large = {**TRACK, "messageId": "large", "properties": {"x": "y" * 33_000}}
    answer = call.batch(TRACK, large)
    assert answer.status_code == 200
    assert answer.json()["success"] is True
    assert [one["index"] for one in answer.json()["rejected"]] == [1]
    assert Rejection.objects.get().message_id == "large"
    assert call.post("/v1/track", large).status_code == 400
    work_off()
    assert Event.objects.count() == 1


@pytest.mark.parametrize(
    ("item", "path"),
    [
        ({**TRACK, "timestamp": "yesterday"}, "timestamp"),
        ({**TRACK, "timestamp": 17}, "timestamp"),
        ({**TRACK, "originalTimestamp": "2020-13-45"}, "originalTimestamp"),
        ({**TRACK, "timestamp": "0001-01-01T00:00:00+14:00"}, "timestamp"),
        ({**TRACK, "messageId": "x" * 101}, "messageId"),
        ({**TRACK, "userId": "x" * 501}, "userId"),
        ({**TRACK, "userId": {"a": 1}}, "userId"),
        ({**TRACK, "userId": True}, "userId"),
        ({**TRACK, "event": ""}, "event"),
        ({**TRACK, "event": None}, "event"),
        ({**TRACK, "event": "x" * 251}, "event"),
        ({**TRACK, "properties": []}, "properties"),
        ({**TRACK, "properties": "x"}, "properties"),
        ({**TRACK, "context": 7}, "context"),
        ({**TRACK, "properties": {"a": ["\0"]}}, "properties.a[0]"),
        ({**TRACK, "properties": {"a\0": 1}}, "properties"),
        ({**TRACK, "userId": None}, "userId"),
        ({**TRACK, "type": "tracked"}, "type"),
        ({**TRACK, "type": None}, "type"),
        ({"type": "group", "userId": "u"}, "groupId"),
        ({"type": "alias", "userId": "u"}, "previousId"),
        ({"type": "identify", "userId": "u", "traits": [1]}, "traits"),
        ("text", ""),
        (None, ""),
        ([], ""),
    ],
)
def test_a_bad_item_is_refused_with_its_path_and_the_rest_is_kept(call, item, path):
    answer = call.batch(TRACK, item)
    assert answer.status_code == 200
    (rejected,) = answer.json()["rejected"]
    assert (rejected["index"], rejected["path"]) == (1, path)
    assert rejected["reason"]
    kept = Rejection.objects.get()
    assert kept.errors[0]["path"] == path
    assert Inbox.objects.get().count == 1


def test_all_items_bad_is_still_200(call):
    answer = call.batch({"type": "nothing"}, {"type": "track"})
    assert answer.status_code == 200
    assert len(answer.json()["rejected"]) == 2
    assert not Inbox.objects.exists()
    assert Rejection.objects.count() == 2


def test_a_single_bad_call_is_400_and_visible(call):
    answer = call.post("/v1/track", {"userId": "u1"})
    assert (answer.status_code, answer.json()["path"]) == (400, "event")
    assert Rejection.objects.get().type == "track"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"17",
        b'{"batch": 7}',
        b"{}",
        b'{"batch": null}',
        b"\xef\xbb\xbf{}",
        b"\xff",
        b'{"a": NaN}',
        '{"batch": []}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"batch":' * 50_000,
    ],
)
def test_an_unreadable_envelope_is_400(call, body):
    answer = call.post("/v1/batch", body)
    assert answer.status_code == 400
    assert answer.json()["code"]
    assert answer.json()["message"]


@pytest.mark.parametrize(
    "bad", [b"NaN", b"-Infinity", b'"\\ud800"', b'"\\u0000"', b"1e999", b"1" * 400, b"1e-400"]
)
def test_what_jsonb_cannot_hold_costs_its_item_only(call, bad):
    body = (
        b'{"batch":[{"type":"track","event":"E","userId":"a","properties":{"x":%s}},'
        b'{"type":"track","event":"E","userId":"b",'
        b'"properties":{"x":"\\u00e9\\ud83d\\ude00 \\\\u0000"}}'
        b"]}" % bad
    )
    answer = call.post("/v1/batch", body)
    assert answer.status_code == 200
    assert [one["index"] for one in answer.json()["rejected"]] == [0]
    work_off()
    assert Event.objects.get().properties == {"x": "é😀 \\u0000"}
    assert not Inbox.objects.exists()


def test_deep_nesting_is_refused_by_item(call):
    deep = current = {}
    for _ in range(70):
        current["a"] = current = {}
    answer = call.batch(TRACK, {**TRACK, "properties": deep})
    assert answer.json()["rejected"][0]["code"] == "too_deep"
    wide = {**TRACK, "properties": {"products": [{"id": n, "tags": [n]} for n in range(100)]}}
    assert "rejected" not in call.batch(wide).json()


def test_nothing_but_post_is_taken_and_nothing_redirects(source):
    for method in ("get", "head", "put", "delete", "patch"):
        answer = getattr(Client(), method)("/v1/track")
        assert answer.status_code == 405
        assert answer["Allow"] == "POST, OPTIONS"
        assert answer["Content-Type"] == "application/json"


def test_a_browser_of_another_origin_may_call(call):
    answer = Client().options(
        "/v1/t",
        headers={
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,x-retry-count",
        },
    )
    assert answer.status_code == 204
    assert answer["Access-Control-Allow-Origin"] == "https://shop.example"
    for name in [
        "authorization",
        "content-type",
        "x-retry-count",
        "anonymousid",
        "sentat",
        "x-write-key",
    ]:
        assert name in answer["Access-Control-Allow-Headers"]
    for key in ("key-shop", "wrong"):
        posted = Caller(key).post("/v1/t", TRACK, Origin="https://shop.example")
        assert posted["Access-Control-Allow-Origin"] == "https://shop.example"
        assert posted["Access-Control-Expose-Headers"] == "Retry-After"


def test_too_many_requests_are_told_when_to_come_back(call, settings):
    settings.INGEST_RATE_LIMIT = 2
    statuses = [call.batch(TRACK) for _ in range(5)]
    assert statuses[0].status_code == 200
    refused = statuses[-1]
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) >= 1
    assert refused.json()["code"] == "too_many_requests"


def test_the_settings_document_names_this_server(browser_source):
    answer = Client().get("/v1/projects/key-site/settings", headers={"Origin": "https://x.example"})
    assert answer.status_code == 200
    ours = answer.json()["integrations"]["Segment.io"]
    assert (ours["apiKey"], ours["apiHost"]) == ("key-site", "testserver/v1")
    assert answer.json()["metrics"] == {"sampleRate": 0}
    assert answer.json()["remotePlugins"] == []
    assert answer["Access-Control-Allow-Origin"] == "https://x.example"
    assert Client().get("/v1/projects/nobody/settings").status_code == 404


def test_other_addresses_under_v1_go_on(source):
    assert Client().get("/v1/inbox-of-nobody").status_code == 404


def test_a_privacy_signal_travels_with_the_call(browser_call):
    browser_call.post("/v1/t", {**TRACK}, **{"Sec-GPC": "1"})
    assert Inbox.objects.get().envelope["gpc"] is True


def test_a_database_that_fails_is_503_and_to_be_retried(call, monkeypatch):
    def fail(*args, **kwargs):
        raise OperationalError("gone")

    monkeypatch.setattr(inbox, "store", fail)
    answer = call.batch(TRACK)
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0


def test_more_parameters_than_any_client_has_are_no_fault_of_ours(client, source):
    query = "&".join(f"writeKey=wrong{n}" for n in range(60))
    answer = raw(client, f"/v1/track?{query}", json.dumps({**TRACK, "writeKey": "key-shop"}))
    assert answer.status_code == 200


def test_guessed_keys_cost_few_queries(client, django_assert_max_num_queries):
    query = "&".join(f"writeKey=wrong{n}" for n in range(40))
    with django_assert_max_num_queries(4):
        assert raw(client, f"/v1/track?{query}", json.dumps(TRACK)).status_code == 401
