"""The contract of the API, walked by a stranger: from the first call to the report."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.conftest import Stranger, person

pytestmark = pytest.mark.slow
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
JANE = "email:jane@example.com"
REPORT = {"audience", "excluded", "queued", "sent", "delivered", "opened", "machine_opened"}
REPORT |= {"clicked", "machine_clicked", "unsubscribed", "bounced", "complained", "converted"}
REPORT |= {"revenue", "variants", "control", "lift"}
MESSAGE = {"id", "profile", "campaign", "step", "channel", "address", "state", "reason"}
MESSAGE |= {"consent", "variant", "queued_at", "sent_at", "events"}
CONSENT = {"contact_point", "purpose", "channel", "topic", "status", "basis", "source", "at"}
FIGURES = ("audience", "queued", "sent", "delivered", "bounced")
RULE = {
    "match": "all",
    "conditions": [{"kind": "trait", "field": "plan", "op": "eq", "value": "pro"}],
}
HTML = (
    '<p>Hello {{ first_name }} <a href="https://shop.example/a">A</a></p>'
    '<p>{{ postal_address }} <a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'
)


def now(**ago: float) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).isoformat().replace("+00:00", "Z")


def identify(name: str, **traits: Any) -> dict[str, Any]:
    given = {"email": f"{name}@example.com", "first_name": name.title(), "plan": "pro"} | traits
    return {"type": "identify", "messageId": f"i-{name}", "userId": f"u-{name}", "traits": given}


def track(name: str, event: str, number: int = 1, **properties: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "messageId": f"t-{name}-{number}",
        "userId": f"u-{name}",
        "event": event,
        "properties": properties,
        "timestamp": now(hours=number),
    }


def grant(name: str, **more: Any) -> dict[str, Any]:
    return {
        "person": f"email:{name}@example.com",
        "purpose": "marketing",
        "channel": "email",
        "status": "granted",
        "basis": "consent",
        "evidence": {"act": "form"},
    } | more


def test_people_come_in_and_are_found_by_whatever_is_known_of_them(stranger: Stranger) -> None:
    bad = {"type": "track", "messageId": "bad", "userId": "u-jane"}
    answer = stranger.ingest(
        {"type": "page", "messageId": "p-1", "anonymousId": "a-1", "name": "Home"},
        identify("jane", size=40),
        track("jane", "Order Completed", 2, revenue=20, order_id="o-1"),
        track("jane", "Signed Up", 3),
        bad,
    )
    assert answer["success"] is True
    assert [row["index"] for row in answer["rejected"]] == [4]
    stranger.drain()
    jane = stranger.get(person("email", "Jane@EXAMPLE.com"))
    visitor = stranger.get(person("anonymous_id", "a-1"))
    assert jane["id"] != visitor["id"]
    _is_a_person(jane)
    for spelling in (f"/api/profiles/{jane['id']}", person("user_id", "u-jane")):
        assert stranger.get(spelling)["id"] == jane["id"]
    lineage = stranger.get(person("user_id", "u-jane"), lineage=1)["trait_sources"]["size"]
    assert lineage["source"] == "shop" and lineage["value"] == 40 and lineage["others"] == []
    assert TIME.fullmatch(lineage["at"])
    _events_are_narrowed(stranger, jane["id"])
    (rejected,) = stranger.all("/api/ingest/messages/", status="rejected")
    assert (rejected["message_id"], rejected["source"]) == ("bad", "shop")
    assert rejected["status"] == "rejected" and rejected["errors"][0]["message"]
    assert stranger.get("/api/profiles/", search="jane")["results"][0]["id"] == jane["id"]
    _joined_and_taken_apart(stranger, jane["id"], visitor["id"])


def _is_a_person(body: dict[str, Any]) -> None:
    assert {"traits", "computed", "scores", "segments", "lifecycle", "aliases"} <= set(body)
    assert TIME.fullmatch(body["first_seen"]) and TIME.fullmatch(body["last_seen"])
    assert body["traits"]["plan"] == "pro"
    known = {row["kind"]: row for row in body["identifiers"]}
    email = known["email"]
    assert (email["value"], email["source"]) == ("jane@example.com", "shop")
    assert email["verified"] is True
    assert TIME.fullmatch(email["first_seen"]) and TIME.fullmatch(email["last_seen"])
    assert known["user_id"]["value"] == "u-jane"


def _events_are_narrowed(stranger: Stranger, jane: str) -> None:
    rows = stranger.all(f"/api/profiles/{jane}/events/", limit=1)
    assert [row["name"] for row in rows if row["type"] == "track"] == [
        "Order Completed",
        "Signed Up",
    ]
    order = next(row for row in rows if row["name"] == "Order Completed")
    assert order["properties"] == {"revenue": 20, "order_id": "o-1"}
    assert (order["source"], order["message_id"]) == ("shop", "t-jane-2")
    assert TIME.fullmatch(order["occurred_at"]) and TIME.fullmatch(order["received_at"])
    narrowed = {"name": "Order Completed", "from": now(hours=2.5), "to": now(hours=1)}
    assert len(stranger.all(f"/api/profiles/{jane}/events/", **narrowed)) == 1
    assert stranger.all(f"/api/profiles/{jane}/events/", **narrowed | {"to": now(hours=2.2)}) == []
    stranger.get(f"/api/profiles/{jane}/events/", 400, **{"from": "yesterday"})


def _joined_and_taken_apart(stranger: Stranger, jane: str, visitor: str) -> None:
    both = {"anonymousId": "a-1", "userId": "u-jane", "messageId": "i-both", "type": "identify"}
    stranger.ingest(both | {"traits": {}})
    stranger.drain()
    (merge,) = stranger.all("/api/identities/merges/")
    assert {merge["survivor"], merge["absorbed"]} == {jane, visitor}
    assert merge["rule"] and merge["evidence"] and merge["undone_at"] is None
    assert TIME.fullmatch(merge["at"])
    body = stranger.get(f"/api/profiles/{merge['absorbed']}/")
    assert body["id"] == merge["survivor"] and merge["absorbed"] in body["aliases"]
    assert stranger.get(person("anonymous_id", "a-1"))["id"] == merge["survivor"]
    undone = stranger.post(f"/api/identities/merges/{merge['id']}/undo/")
    assert undone["id"] == merge["id"] and TIME.fullmatch(undone["undone_at"])
    stranger.post(f"/api/identities/merges/{merge['id']}/undo/", None, 409)
    stranger.drain()
    assert stranger.get(f"/api/profiles/{merge['absorbed']}/")["id"] == merge["absorbed"]


def test_segments_are_made_counted_explained_and_filled_by_hand(stranger: Stranger) -> None:
    stranger.ingest(*[identify(f"p{n}", plan="pro" if n < 6 else "free") for n in range(7)])
    stranger.drain()
    stranger.post("/api/consents/", grant("p0"), 201)
    found = stranger.post("/api/segments/preview/", {"rule": RULE})
    assert (found["count"], found["share"]) == (6, pytest.approx(6 / 7))
    assert found["reachable"]["email"] == 1
    assert len(found["sample"]) == 5 and set(found["sample"][0]) == {"id", "display_name"}
    assert "pro" in found["sentence"] and found["took_ms"] >= 0
    body = {"slug": "pros", "name": "Pros", "kind": "dynamic", "rule": RULE}
    assert stranger.post("/api/segments/", body, 201)["slug"] == "pros"
    stranger.post("/api/segments/", body, 409)
    assert stranger.post("/api/segments/pros/refresh/", None, 202)["status"] == "refreshing"
    stranger.drain()
    pros = stranger.get("/api/segments/pros")
    assert (pros["count"], pros["status"]) == (6, "fresh") and TIME.fullmatch(pros["refreshed_at"])
    members = stranger.all("/api/segments/pros/members/", limit=2)
    assert len({row["profile"] for row in members}) == 6
    assert TIME.fullmatch(members[0]["entered_at"])
    assert stranger.all("/api/segments/pros/members/", as_of=now(days=1)) == []
    why = stranger.get(f"{person('user_id', 'u-p6')}explain/", segment="pros")
    assert why["member"] is False and why["sentence"]
    assert set(why["clauses"][0]) >= {"path", "sentence", "holds", "found"}
    assert why["clauses"][0]["path"] == "conditions[0]"
    assert stranger.get(person("user_id", "u-p0"))["segments"] == ["pros"]
    assert len(stranger.all("/api/profiles/", segment="pros")) == 6
    _filled_by_hand(stranger)
    wrong = {"match": "all", "conditions": [*RULE["conditions"], {"kind": "trait", "op": "eq"}]}
    problem = stranger.post("/api/segments/preview/", {"rule": wrong}, 400)
    assert {error["path"] for error in problem["errors"]} >= {"conditions[1].field"}
    assert set(problem["errors"][0]) == {"path", "pointer", "code", "message"}


def _filled_by_hand(stranger: Stranger) -> None:
    stranger.post("/api/segments/", {"slug": "vip", "name": "VIP", "kind": "static"}, 201)
    people = ["email:P1@example.com", "user_id:u-p2", "email:nobody@example.com"]
    answer = stranger.post("/api/segments/vip/members/", {"people": people})
    assert answer == {"added": 2, "unknown": ["email:nobody@example.com"]}
    answer = stranger.delete("/api/segments/vip/members/", {"people": people[:1]})
    assert answer == {"removed": 1, "unknown": []}
    assert len(stranger.all("/api/segments/vip/members/")) == 1
    stranger.post("/api/segments/pros/members/", {"people": people}, 409)


def test_permission_is_recorded_and_a_withdrawal_stands(stranger: Stranger) -> None:
    said = stranger.post("/api/consents/", grant("jane"), 201)
    assert (said["state"], said["outcome"]) == ("granted", "recorded") and said["id"]
    jane = stranger.get(person("email", "jane@example.com"))["id"]
    before = now()
    answers = stranger.post(
        "/api/consents/",
        [
            grant("jane", status="withdrawn", evidence={}),
            grant("jane", evidence={}),
            grant("jane", evidence={"act": "form"}, at=now(days=3)),
        ],
        201,
    )
    assert [row["outcome"] for row in answers] == [
        "recorded",
        "withdrawal_stands",
        "withdrawal_stands",
    ]
    assert {row["state"] for row in answers} == {"withdrawn"}
    (state,) = stranger.all("/api/consents/", person=JANE)
    assert CONSENT | {"evidence"} <= set(state) and TIME.fullmatch(state["at"])
    assert (state["contact_point"], state["status"]) == ("jane@example.com", "withdrawn")
    (earlier,) = stranger.all("/api/consents/", person=JANE, as_of=before)
    assert earlier["status"] == "granted"
    assert stranger.all(f"/api/profiles/{jane}/consents/") == [state]
    own_act = stranger.post("/api/consents/", grant("jane"), 201)
    assert (own_act["state"], own_act["outcome"]) == ("granted", "recorded")
    for change, path in (
        ({"status": "never_asked"}, "status"),
        ({"purpose": "nothing"}, "purpose"),
        ({"channel": "pigeon"}, "channel"),
        ({"basis": "luck"}, "basis"),
        ({"person": "nobody"}, "person"),
    ):
        problem = stranger.post("/api/consents/", grant("jane", **change), 400)
        assert problem["errors"][0]["path"] == path
    problem = stranger.post("/api/consents/", [grant("new"), grant("new", status="?")], 400)
    assert problem["errors"][0]["path"] == "[1].status"
    stranger.get(person("email", "new@example.com"), 404)


def test_a_campaign_goes_out_and_is_reported(stranger: Stranger) -> None:
    names = ["ada", "ben", "cleo", "dora", "eve"]
    stranger.ingest(*[identify(name) for name in names])
    stranger.drain()
    stranger.post("/api/consents/", [grant(name) for name in names if name != "ben"], 201)
    block = {"kind": "email", "value": "Cleo@example.com", "reason": "complaint"}
    assert stranger.post("/api/suppressions/", block, 201)["reason"] == "complaint"
    stranger.post("/api/suppressions/", block | {"reason": "hunch"}, 400)
    stranger.mails.refusals["dora@example.com"] = ["550 5.1.1 no such user"]
    _campaign_made(stranger)
    rehearsal = stranger.post("/api/campaigns/spring/rehearse/", None, 202)
    assert rehearsal["excluded"] == {"suppressed": 1, "no_permission": 1}
    assert stranger.post("/api/campaigns/spring/launch/", {"hold": 3600}, 202)["status"] == "held"
    assert stranger.post("/api/campaigns/spring/undo/", None, 202)["status"] == "draft"
    assert stranger.post("/api/campaigns/spring/launch/", None, 202)["status"] == "running"
    assert stranger.post("/api/campaigns/spring/pause/", None, 202)["status"] == "paused"
    stranger.drain()
    assert stranger.mails.mails == []
    assert stranger.post("/api/campaigns/spring/resume/", None, 202)["status"] == "running"
    stranger.drain()
    assert sorted(stranger.mails.counts) == ["ada@example.com", "eve@example.com"]
    report = stranger.get("/api/campaigns/spring/report/")
    assert set(report) >= REPORT
    assert report["excluded"] == {"suppressed": 1, "no_permission": 1}
    figures = {name: report[name] for name in FIGURES}
    assert figures == {"audience": 5, "queued": 0, "sent": 3, "delivered": 2, "bounced": 1}
    _messages_are_listed(stranger)
    suppressed = stranger.all("/api/suppressions/", value="dora@example.com", kind="email")
    assert [row["reason"] for row in suppressed] == ["hard_bounce"]
    assert stranger.get("/api/campaigns/spring/")["status"] == "finished"
    stranger.post("/api/campaigns/spring/cancel/", None, 409)


def _campaign_made(stranger: Stranger) -> None:
    stranger.post("/api/segments/", {"slug": "pros", "name": "Pros", "rule": RULE}, 201)
    stranger.drain()
    sender = {
        "name": "Shop",
        "address": "news@shop.example",
        "postal_address": "Oudegracht 1, Utrecht",
        "default": True,
    }
    made = stranger.post("/api/senders/", sender, 201)
    assert made["id"] and made["default"] is True
    content = {"subject": "Hello {{ first_name }}", "html": HTML}
    step = {"id": "mail", "kind": "message", "channel": "email", "purpose": "marketing"}
    body = {
        "slug": "spring",
        "name": "Spring",
        "entry": {"kind": "segment", "segment": "pros"},
        "steps": [step | {"content": content}],
        "goal": {"event": "Order Completed", "window": {"days": 5}},
    }
    wrong = stranger.post("/api/campaigns/", body | {"entry": {"kind": "segment"}}, 400)
    assert wrong["errors"][0]["path"] == "entry.segment"
    assert stranger.post("/api/campaigns/", body, 201)["status"] == "draft"
    stranger.post("/api/campaigns/", body | {"slug": "autumn"}, 201)
    later = {"at": "2999-01-01T00:00:00Z"}
    assert stranger.post("/api/campaigns/autumn/launch/", later, 202)["status"] == "scheduled"
    assert stranger.post("/api/campaigns/autumn/cancel/", None, 202)["status"] == "cancelled"
    assert stranger.post("/api/campaigns/", body, 409)["errors"][0]["path"] == "slug"


def _messages_are_listed(stranger: Stranger) -> None:
    rows = stranger.all("/api/messages/", campaign="spring", limit=2)
    assert len({row["id"] for row in rows}) == 5 and set(rows[0]) >= MESSAGE
    (bounced,) = stranger.all("/api/messages/", campaign="spring", state="bounced")
    assert bounced["address"] == "dora@example.com" and "550" in bounced["reason"]
    (left_out,) = stranger.all("/api/messages/", reason="no_permission")
    assert (left_out["state"], left_out["consent"]) == ("excluded", None)
    (ada,) = stranger.all("/api/messages/", person="email:Ada@example.com")
    assert (ada["state"], ada["step"], ada["campaign"]) == ("sent", "mail", "spring")
    assert ada["consent"] and TIME.fullmatch(ada["queued_at"]) and TIME.fullmatch(ada["sent_at"])
    assert [event["name"] for event in ada["events"]] == ["queued", "sent"]
    own = stranger.all(f"{person('email', 'ada@example.com')}messages/")
    assert [row["id"] for row in own] == [ada["id"]]
    stranger.get("/api/messages/", 400, state="lost")
    one = stranger.get(f"/api/messages/{left_out['id']}/")
    assert {name: one[name] for name in left_out} == left_out
    assert (one["why"]["reason"], one["why"]["detail"]) == ("no_permission", "never_asked")
    assert TIME.fullmatch(one["why"]["at"]) and one["why"]["evidence"] is None
    (blocked,) = stranger.all("/api/messages/", reason="suppressed")
    why = stranger.get(f"/api/messages/{blocked['id']}/")["why"]
    assert (why["detail"], why["evidence"]["kind"]) == ("complaint", "suppression")
    assert stranger.get(f"/api/messages/{ada['id']}")["why"] is None
    stranger.get(f"/api/messages/{uuid.uuid4()}/", 404)
    stranger.get("/api/messages/x/", 404)


def test_a_single_message_passes_the_gate_of_its_purpose(stranger: Stranger) -> None:
    stranger.ingest(identify("jane"))
    stranger.drain()
    stranger.post("/api/senders/", {"name": "Shop", "address": "news@shop.example"}, 201)
    body = {
        "person": JANE,
        "channel": "email",
        "content": {"subject": "Order {{ number }}", "html": "<p>Order {{ number }}</p>"},
        "data": {"number": "o-1"},
    }
    assert stranger.post("/api/messages/", body, 400)["errors"][0]["path"] == "Idempotency-Key"
    first = stranger.post("/api/messages/", body, 201, Idempotency_Key="k-1")
    assert first["state"] == "queued" and set(first) >= MESSAGE
    again = stranger.post("/api/messages/", body, 200, Idempotency_Key="k-1")
    assert again["id"] == first["id"]
    changed = body | {"data": {"number": "o-2"}}
    stranger.post("/api/messages/", changed, 409, Idempotency_Key="k-1")
    gated = stranger.post(
        "/api/messages/", body | {"purpose": "marketing"}, 201, Idempotency_Key="k-2"
    )
    assert (gated["state"], gated["reason"]) == ("excluded", "no_permission")
    stranger.drain()
    (mail,) = stranger.mails.mails
    assert mail[0] == "jane@example.com" and "o-1" in stranger.mails.message()["Subject"]
    for change, path in (
        ({"person": "email:nobody@example.com"}, "person"),
        ({"purpose": "nothing"}, "purpose"),
        ({"channel": "pigeon"}, "channel"),
        ({"content": {"html": "x"}}, "content"),
    ):
        answer = stranger.http.post(
            "/api/messages/", json=body | change, headers={"Idempotency-Key": f"k-{path}"}
        )
        assert answer.status_code in (400, 404)
        assert answer.json()["errors"][0]["path"] == path


def test_sources_and_content(stranger: Stranger) -> None:
    made = stranger.post("/api/sources/", {"name": "web", "kind": "browser"}, 201)
    assert made["id"] and made["write_key"] and (made["name"], made["kind"]) == ("web", "browser")
    assert all("write_key" not in row for row in stranger.all("/api/sources/"))
    problem = stranger.post("/api/sources/", {"name": "x", "kind": "fridge"}, 400)
    assert problem["errors"][0]["path"] == "kind"
    for kind in ("server", "warehouse", "import", "browser", "mobile"):
        assert kind in problem["errors"][0]["message"]
    render = {"template": "{{ a }}", "data": {"a": "<b>"}}
    assert stranger.post("/api/content/render/", render)["result"] == "&lt;b&gt;"
    plain = stranger.post("/api/content/render/", render | {"escape": False})
    assert plain["result"] == "<b>"
    problem = stranger.post("/api/content/render/", {"template": "a\n{% nosuch %}"}, 400)
    assert (problem["line"], problem["errors"][0]["path"]) == (2, "template")
    assert problem["column"] > 0
    mjml = "<mjml><mj-body><mj-section><mj-column><mj-text>Hi</mj-text></mj-column></mj-section>"
    answer = stranger.post("/api/content/mjml/", {"mjml": f"{mjml}</mj-body></mjml>"})
    assert "Hi" in answer["html"] and answer["problems"] == []
