"""No page, answer, header or file shows a masked role what it may not see.

Somebody is planted whose every value is a word of its own. Then every address of the console and
the API is asked by one who may everything but see personal data, as a user and by a key; a new
address is asked by itself. The same walk by an admin finds the words, so that it looks at
something.
"""

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from campaigns.models import Message
from config.workspace import permissions
from config.workspace.access.keys import create_api_key
from config.workspace.models import CustomRole, Role, User, Webhook, WebhookDelivery
from config.workspace.outgoing.endpoints import create_webhook
from config.workspace.team.changing import RoleDraft, create_role
from consent.incidents.reporting import close, report
from consent.models import ConsentEntry, Incident, PrivacyRequest
from consent.privacy.erasure.exceptions import end, keep
from consent.privacy.requests import cancel, comment, extend, open_request
from consent.privacy.restriction import LIFTED
from consent.suppression.suppressing import suppress
from profiles.ingest import inbox, processor
from profiles.models import Event, Identifier, Merge, Note, Profile, Source
from profiles.notes.writing import write_note
from segments import services
from segments.members.due import work
from segments.models import Segment
from tests.campaigns.builders import launched, make_campaign, make_segment, say
from tests.cast import ago, make_identifier, make_merge, make_rejection, make_user, set_trait
from tests.surface.routes import routes

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
OTHERS = ("api/schema", "api/docs", "console/logout", "console/i18n", "console/first-admin")
OTHERS += (
    "console/invitation",
    "console/reset",
    "console/jsi18n",
    "console/language",
    "console/r/",
    "console/(?P<url>",
)
LETTERS = "bcdfghjkmnpqrstvwxz"
PHONES = ("0812 7770 0101", "+62 812-7770-0102", "(0812) 7770 0103", "0812 7770 0106")


@dataclass
class Words:
    """What was planted: words that a masked role may not see, and words that it may."""

    hidden: dict[str, str] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[tuple[str, ...]] = field(
        default_factory=lambda: itertools.product(LETTERS, repeat=3)
    )

    def _new(self) -> str:
        return "zq" + "".join(next(self.numbers)) + "qz"

    def secret(self, where: str) -> str:
        self.hidden[where] = self._new()
        return self.hidden[where]

    def seen(self, where: str) -> str:
        self.open[where] = self._new()
        return self.open[where]


def _plant(words: Words) -> dict[str, Any]:
    """One person through the inbox, and beside them what only services and errors write."""
    s, o = words.secret, words.seen
    source = Source.objects.create(name="Shop", kind="server")
    mail = f"{s('mail local')}@{s('mail domain')}.example"
    traits = {
        "email": mail,
        "phone": "+6281277700104",
        "name": f"{s('first word of name')} {s('last word of name')}",
        "first_name": s("first name"),
        "diagnosis": s("special category"),
        "plan": o("plan"),
        "comment": s("trait of unknown name"),
        "coupon": f"ring {PHONES[0]} or {s('mail in text')}@gmail.com",
        "company": {"plan": s("nested plan"), "owner": s("nested"), "deep": [{"x": s("deep")}]},
        "notes": [s("list")],
        "address": {"street": s("street"), "city": s("city of an address")},
        "card_no": "4111 1111 1111 1111",
        f"{s('mail as a name')}@gmail.com": 1,
    }
    context = {"ip": "203.0.113.77", "userAgent": s("user agent"), "page": {"title": s("context")}}
    properties = {
        "revenue": 5,
        "order_id": o("order"),
        "note": s("property of unknown name"),
        "recipient": s("recipient"),
        "products": [{"product_id": "1", "name": o("product"), "engraving": s("in a product")}],
        "gift": {"to": s("nested property"), "text": f"call {PHONES[1]}"},
    }
    page = {
        "path": f"/{o('path')}?mail={s('query')}%40shop.example",
        "title": s("title of a page"),
        "name": f"Welcome {s('mail on a page')}@gmail.com",
    }
    who = {"userId": o("user id"), "anonymousId": o("anonymous id"), "context": context}
    calls = [
        {"type": "identify", "traits": traits, **who},
        {"type": "track", "event": "Order Completed", "properties": properties, **who},
        {"type": "track", "event": f"Wrote {PHONES[2]}", "properties": {"a": s("odd")}, **who},
        {"type": "page", "properties": page, **who},
        {"type": "group", "groupId": "g", "traits": {"name": s("group")}, **who},
        {
            "type": "track",
            "event": "Email Bounced",
            "properties": {"campaign_name": "Spring", "reason": s("reason of a bounce")},
            **who,
        },
        {"type": "track", "event": "x", "timestamp": s("bad time"), "userId": "u"},
        {"type": "track", "event": 5, "properties": {"b": s("bad body")}},
    ]
    for number, call in enumerate(calls):
        inbox.accept(source, [{"messageId": f"m-{number} 0812 7770 0106", **call}])
    while processor.work():
        pass
    person = _owner(who["userId"])
    other = Source.objects.create(name="Till", kind="server")
    set_trait(person, "first_name", s("what another source says"), source=other)
    set_trait(person, "first_name", traits["first_name"], source=source)
    for kind in ("loyalty_card", "push_token", "device_name"):
        make_identifier(person, kind, s(f"identifier {kind}"))
    make_identifier(person, "user_id2", "6281277700105")
    known = list(Identifier.objects.filter(profile_id=person.pk).values_list("pk", flat=True))
    make_merge(person, evidence={"identifiers": known, "message_id": "m-0", "said": s("join")})
    raw = '{"type":"track","x":"' + s("unreadable body")
    make_rejection(source, body=raw, errors=[{"path": "x", "message": f"no “{s('quoted')}”"}])
    say(person, act="form")
    evidence = {"act": "form", "words": s("evidence"), "page": f"/x?e={s('evidence url')}"}
    _with_evidence(person, evidence)
    _segments_and_campaigns(words, person, mail)
    suppress(kind="email", value=mail, reason="hard_bounce", detail=s("why suppressed"))
    asked = open_request(type_="access", references=[f"email:{mail}"], language="en")
    _by_the_team(words, asked, mail)
    write_note(person, f"{s('note of a colleague')} wants a call", make_user(Role.ADMIN))
    _webhook(person, s("answer of a webhook"))
    return {"person": person, "mail": mail, "user_id": who["userId"]}


def _by_the_team(words: Words, asked: PrivacyRequest, mail: str) -> None:
    """What colleagues write of somebody, in their own words."""

    def says(where: str) -> str:
        return f"{words.secret(where)}@gmail.com rang"

    comment(asked, make_user(Role.ADMIN), says("comment of the team"))
    extend(asked, because=says("why it takes longer"))
    erasure = open_request(type_="erasure", references=[f"email:{mail}"], language="en")
    tax = {"data_class": "orders", "ground": "tax", "because": says("why it stays")}
    end(keep(erasure, **tax), because=says("why it stays no longer"))
    cancel(erasure, because=says("why it is closed"))
    PrivacyRequest.objects.filter(pk=asked.pk).update(
        result={LIFTED: {"because": says("why it is lifted")}}
    )
    values = {"kind": "user", "subject_id": make_user(Role.ADMIN).pk, "since": ago(2)}
    values |= {"until": ago(1), "known_at": ago(1), "title": says("title of an incident")}
    close(report(values | {"note": says("note of an incident")}, None), says("end of an incident"))


def _webhook(person: Profile, answer: str) -> None:
    row, _secret = create_webhook(url="https://hooks.example.com/x", events=["segment.left"])
    WebhookDelivery.objects.create(
        webhook=row,
        event="segment.left",
        people=[person.pk],
        due_at=timezone.now(),
        answer=answer,
        failed_at=ago(1),
    )


def _owner(user_id: str) -> Profile:
    row = Identifier.objects.get(kind="user_id", value=user_id)
    return Profile.objects.get(pk=row.profile_id)


def _with_evidence(person: Profile, evidence: dict[str, Any]) -> None:
    from consent.ledger.recording import Statement, record_consents  # noqa: PLC0415
    from consent.models import Purpose  # noqa: PLC0415

    purpose = Purpose.objects.get(slug="marketing")
    said = {"purpose_id": purpose.pk, "channel": "sms", "contact_point": "+6281277700104"}
    record_consents(
        [
            Statement(
                profile_id=person.pk, status="granted", basis="consent", at=None,
                evidence=evidence, **said,
            )
        ]
    )  # fmt: skip


def _segments_and_campaigns(words: Words, person: Profile, mail: str) -> None:
    s = words.secret
    rule = {
        "match": "all",
        "conditions": [
            {"kind": "trait", "field": "comment", "op": "ne", "value": s("operand of a trait")},
            {
                "kind": "trait",
                "field": "plan",
                "op": "ne",
                "value": f"{s('mail operand')}@x.example",
            },
            {
                "kind": "event",
                "name": "Order Completed",
                "where": [{"property": "note", "op": "ne", "value": s("operand of an event")}],
            },
        ],
    }
    services.create_segment(slug="deep", name="Deep", rule=rule)
    while work():
        pass
    failure = f'invalid input syntax: "{s("in a failure of the database")}"'
    Segment.objects.filter(slug="deep").update(status="failed", error=failure)
    audience = make_segment(person)
    goal = {
        "event": "Order Completed",
        "where": [{"property": "note", "op": "eq", "value": s("operand of a goal")}],
        "window": {"days": 5},
    }
    launched(audience, "spring", goal=goal)
    make_campaign(audience, "draft", goal=goal)
    message = Message.objects.get(profile=person)
    word = f"550 5.1.1 <{mail}> {s('word of the mail server')} unknown"
    Message.objects.filter(pk=message.pk, profile=person).update(
        state="bounced", reason=word, data={"word": word}
    )


def _values(planted: dict[str, Any]) -> dict[str, Any]:
    """What stands for each name in an address."""
    person = planted["person"]
    events = list(Event.objects.filter(profile_id=person.pk).values_list("pk", flat=True))
    messages = list(Message.objects.filter(profile=person).values_list("pk", flat=True))
    return {
        "person": [person.public_id],
        "public_id": [person.public_id],
        "turn": ["confirm"],
        "letter": ["completed"],
        "form": ["json", "html"],
        "profile_id": [person.pk],
        "event_id": events,
        "message_id": messages,
        "merge_id": list(Merge.objects.values_list("pk", flat=True)),
        "entry_id": list(ConsentEntry.objects.values_list("pk", flat=True)),
        "number": [1, *Source.objects.values_list("pk", flat=True)[:1]],
        "source_id": list(Source.objects.values_list("pk", flat=True)[:1]),
        "note_id": list(Note.objects.values_list("pk", flat=True)),
        "link_id": [1],
        "key_id": [1],
        "key": ["key-site"],
        "pk": [1],
        "provider_id": ["office"],
        "user_id": list(User.objects.values_list("pk", flat=True)[:1]),
        "id": list(User.objects.values_list("pk", flat=True)[:1]),
        "here": ["who", "what", "when", "checks", "launch"],
        "reason": ["no_permission", "suppressed"],
        "kind": ["people"],
        "name": ["numbers", "needs", "recent", "growth"],
        "mail_id": ["x"],
        "reference": list(PrivacyRequest.objects.values_list("public_id", flat=True)),
        "webhook_id": list(Webhook.objects.values_list("pk", flat=True)),
        "delivery": list(WebhookDelivery.objects.values_list("public_id", flat=True)),
        "act": ["ping", "make"],
        "role": [Role.ANALYST, *CustomRole.objects.values_list("key", flat=True)],
        "member_id": list(User.objects.values_list("pk", flat=True)[:1]),
        "app_label": ["profiles", "consent"],
        "content_type_id": [1],
    }


_NAMED = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")


def _addresses(pattern: str, values: dict[str, Any]) -> Iterator[str]:
    plain = re.sub(
        r"\\Z|\$$|/\?(?=\\Z|\$)",
        "",
        pattern.replace("api/^", "api/").replace("console/^", "console/"),
    )
    names = [one or two for one, two in _NAMED.findall(plain)]
    choices = [_choices(pattern, name, values) for name in names]
    for chosen in itertools.product(*choices):
        left = iter(chosen)
        address = _NAMED.sub(lambda _found, left=left: str(next(left)), plain)
        yield "/" + address.rstrip("/") + "/"


def _choices(pattern: str, name: str, values: dict[str, Any]) -> list[Any]:
    if name == "slug":
        if "segments/" in pattern:
            return ["deep", "everyone"]
        return ["marketing"] if "purposes" in pattern else ["spring", "draft"]
    if name == "public_id" and "privacy/requests" in pattern:
        return list(values["reference"])
    if name == "object_id":
        app, model = pattern.removeprefix("console/").split("/")[:2]
        return list(apps.get_model(app, model).objects.values_list("pk", flat=True)[:2]) or [1]
    if name in ("public_id", "reference") and "incidents/" in pattern:
        return list(Incident.objects.values_list("public_id", flat=True))
    assert name in values, f"say in _values what stands for <{name}> in {pattern}"
    return list(values[name])


# what is asked beside the bare address, by its beginning
QUERIES = {
    "/console/people/": [
        "q={user_id}",
        "segment=deep",
        "segment=deep&message=spring:mail:",
        "kind=identity",
        "kind=permission",
        "kind=notes",
        "country=NL&sort=name",
        "trait=comment&op=contains&value=z",
    ],
    "/console/live/": ["status=refused", "type=page", "q={user_id}"],
    "/console/search/": ["q=zq", "q={mail}"],
    "/console/messages/": ["state=bounced"],
    "/console/segments/-/pick/": [
        "what=all",
        "what=traits",
        "what=events",
        "what=properties&event=Order Completed",
        "what=operators&type=json&field=comment",
        *(f"what=values&field={name}" for name in ("comment", "plan", "coupon", "first_name")),
        *(
            f"what=property-values&event=Order Completed&property={n}"
            for n in ("note", "recipient")
        ),
    ],
    "/console/segments/-/new/": ['rule={{"match":"all","conditions":[]}}'],
    "/console/campaigns/": ["as={person}", "variant=x"],
    "/api/profiles/": ["lineage=1", "search={user_id}", "segment=deep"],
    "/api/messages/": ["state=bounced", "person={person}"],
    "/api/consents/": ["person={person}"],
}


def _asked(planted: dict[str, Any]) -> list[str]:
    values, found = _values(planted), []
    given = {
        "mail": planted["mail"],
        "user_id": planted["user_id"],
        "person": planted["person"].public_id,
    }
    for pattern in routes():
        if not pattern.startswith(("api/", "console/")) or any(
            pattern.replace("^", "").startswith(other) for other in OTHERS
        ):
            continue
        for address in _addresses(pattern, values):
            found.append(address)
            for start, queries in QUERIES.items():
                if address.startswith(start):
                    found += [f"{address}?{query.format(**given)}" for query in queries]
    found += [
        f"/api/profiles/user_id:{planted['user_id']}/",
        f"/api/profiles/{planted['person'].public_id}/explain/?segment=deep",
    ]
    return list(dict.fromkeys(found))


def _body(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode(errors="replace") + str(dict(answer.headers))


def _digits(text: str) -> str:
    return re.sub(r"[\s().\-]|&nbsp;|%20", "", text)


def _walk(client: Client, addresses: list[str], **headers: str) -> dict[str, str]:
    told = {}
    for address in addresses:
        answer = client.get(address, **headers)
        assert answer.status_code != 500, address
        told[address] = _body(answer)
    return told


def _posts(client: Client, planted: dict[str, Any]) -> dict[str, str]:
    """The parts of the builder over everybody, and over the rule that is not theirs."""
    told = {}
    seen = client.get("/api/segments/deep/")
    rules = [({"match": "all", "conditions": []}, ""), (seen.json()["rule"], "deep")]
    for (rule, slug), name in itertools.product(
        rules, ("effect", "reach", "clauses", "overlap", f"why/{planted['person'].public_id}")
    ):
        form = {"rule": json.dumps(rule), "slug": slug, "count": "1"}
        told[f"{name} of {slug}"] = _body(client.post(f"/console/segments/-/{name}/", form))
    return told


def _found(words: dict[str, str], told: dict[str, str]) -> dict[str, list[str]]:
    lowered = {address: text.lower() for address, text in told.items()}
    return {
        where: places
        for where, word in words.items()
        if (places := [address for address, text in lowered.items() if word in text])
    }


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> tuple[Words, dict[str, Any]]:
    words = Words()
    return words, _plant(words)


def _user(monkeypatch: pytest.MonkeyPatch, rights: set[str]) -> Client:
    """Somebody with exactly these rights."""
    monkeypatch.setitem(permissions.ROLES, Role.ANALYST, rights)
    client = Client(raise_request_exception=False)
    client.force_login(make_user(Role.ANALYST))
    return client


def test_no_address_shows_a_masked_role_what_it_may_not_see(planted, monkeypatch):
    words, person = planted
    addresses = _asked(person)
    masked = set(permissions.PERMISSIONS) - {"people.personal"}
    boss = Client()
    boss.force_login(make_user(Role.ADMIN))
    boss.get(f"/console/people/{person['person'].public_id}/")  # a look, for the trail
    client = _user(monkeypatch, masked)
    told = _walk(client, addresses) | _posts(client, person)
    _key, value = create_api_key(name="key", scopes=sorted(masked))
    by_key = {"HTTP_AUTHORIZATION": f"Bearer {value}"}
    api = [address for address in addresses if address.startswith("/api/")]
    told |= {f"key {a}": t for a, t in _walk(Client(), api, **by_key).items()}
    assert _found(words.hidden, told) == {}
    numbers = {phone: _digits(phone)[-8:] for phone in (*PHONES, "+6281277700104", "6281277700105")}
    numbers |= {"card": "41111111", "ip": "203.0.113.77".replace(".", "")}
    digits = {address: _digits(text) for address, text in told.items()}
    assert _found(numbers, digits) == {}
    assert set(words.open) - set(_found(words.open, told)) == set(), "it looked at something"


# what a role that sees names, and nothing else of anybody, is shown of what was planted
NAMES = {"first word of name", "last word of name", "first name", "what another source says"}
NAMES |= {"group"}  # its name is called `name`


def test_a_role_that_sees_names_alone_is_shown_names_alone(planted):
    """Neither mail nor phone nor special-category data, on no page, in no answer, by no search."""
    words, person = planted
    masked = sorted(set(permissions.PERMISSIONS) - {"people.personal"})
    sight = {"kinds": {"name": "shown", "email": "hidden", "guarded": "hidden"}, "fields": {}}
    draft = RoleDraft("Names", permissions=masked, sight=sight)
    role = create_role(draft, by=make_user(Role.ADMIN))
    client = Client(raise_request_exception=False)
    client.force_login(make_user(role.key))
    addresses = _asked(person)
    told = _walk(client, addresses) | _posts(client, person)
    _key, value = create_api_key(name="key", scopes=masked, sight_role=role.key)
    by_key = {"HTTP_AUTHORIZATION": f"Bearer {value}"}
    api = [address for address in addresses if address.startswith("/api/")]
    told |= {f"key {a}": t for a, t in _walk(Client(), api, **by_key).items()}
    found = _found(words.hidden, told)
    assert set(found) <= NAMES, found
    assert set(found) >= NAMES - {"what another source says"}, "it shows nothing"
    digits = {address: _digits(text) for address, text in told.items()}
    numbers = {phone: _digits(phone)[-8:] for phone in (*PHONES, "+6281277700104", "6281277700105")}
    assert _found(numbers, digits) == {}
    assert any(a.startswith("key ") for places in found.values() for a in places)


def test_the_same_walk_by_an_admin_finds_what_was_planted(planted, monkeypatch):
    words, person = planted
    client = _user(monkeypatch, set(permissions.PERMISSIONS))
    told = _walk(client, _asked(person)) | _posts(client, person)
    found = _found(words.hidden, told)
    kept = {"user agent", "context", "join"}  # shown to nobody
    assert set(words.hidden) - set(found) - kept == set()


ASKING = (
    "/api/profiles/email:{}/",
    "/api/profiles/phone:{}/",
    "/api/profiles/email:{}/events/",
    "/api/consents/?person=email:{}",
    "/api/messages/?person=email:{}",
    "/api/suppressions/?kind=email&value={}",
    "/api/profiles/?search={}",
    "/console/people/?q={}",
    "/console/search/?q={}",
)


def test_an_address_is_answered_alike_whether_somebody_has_it_or_not(planted, monkeypatch):
    _words, person = planted
    known, unknown = person["mail"], "nobody@zqzqzqz.example"
    client = _user(monkeypatch, set(permissions.PERMISSIONS) - {"people.personal"})
    part = {"HTTP_HX_REQUEST": "true"}  # without the shell, whose times go on
    for path in ASKING:
        one, other = (client.get(path.format(mail), **part) for mail in (known, unknown))
        assert one.status_code == other.status_code, path
        told = [a.content.decode().replace(m, "") for a, m in ((one, known), (other, unknown))]
        assert told[0] == told[1], path
