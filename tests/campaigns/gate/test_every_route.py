"""No marketing without permission, whatever the route: random lives against a small model.

Permissions are given, claimed by a CRM, asked for by mail, paused, limited, withdrawn by the link
of a mail or by API, end by themselves; addresses are suppressed and released, people are
restricted, the hours of the law come and go. What comes in by an import or a replay says yes to
everything. In between somebody tries to get a mail out: by a campaign (of the API, of the console),
by a single message, by a change or a night while it waits, by SQL with the application's own role;
or to have people's data handed out: as a list over REST, as a call to a webhook.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client, override_settings
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from campaigns.models import Campaign, ContentVersion, Message
from config.workspace.access import tokens
from config.workspace.access.keys import create_api_key
from config.workspace.frequency import SETTING
from config.workspace.models import WebhookDelivery, Workspace
from config.workspace.outgoing.endpoints import create_webhook
from config.workspace.outgoing.kinds import KINDS
from config.workspace.outgoing.notices import tell_many
from config.workspace.selectors import forget_workspace
from config.workspace.work.due import WORK
from config.workspace.zones import stamp, workspace_zone
from consent.ledger.elapsing import elapse
from consent.ledger.recording import Statement, record_consents
from consent.models import Policy, PrivacyRequest, Purpose, Suppression
from consent.policy.resolving import forget_policies
from consent.privacy import requests
from consent.privacy.due import carry_out_due
from consent.privacy.restriction import lift
from consent.suppression.suppressing import release
from consent.volume import forget_limits
from profiles.ingest import keys
from profiles.models import Identifier
from segments.services import create_segment
from tests.campaigns.builders import (
    deliver_all,
    fan_out_all,
    launched,
    make_campaign,
    make_person,
    make_segment,
    make_sender,
)
from tests.cast import make_user
from tests.profiles.ingest.conftest import Caller, make_source, work_off

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NAMES = ("ada", "ben", "cleo")
SAID = ["claim", "deny", "withdraw", "one_click", "gone_by", "ask", "pause", "limit", "replay"]
SUPPRESSED = ["hard_bounce", "complaint", "released"]
AROUND = [*["restrict"] * 4, "import", "close", "open", "open"]
ROUTES = [
    "campaign", "console", "single", "change_while_waiting", "night", "sql", "sql_old_entry",
    "sql_update", "export", "webhook",
]  # fmt: skip
MAILS: list[str] = []
WHAT = [
    *["form"] * 8, *SAID, "one_click", "limit", "limit", "claim", *SUPPRESSED, "released",
    "released", *AROUND, *ROUTES * 2,
]  # fmt: skip
DONE: Counter[str] = Counter()  # how often each was tried, and came to something
JSON = "application/json"
CONTENT = {"subject": "Tents", "text": "Tents. {{ unsubscribe_url }}"}
INSERT = """
INSERT INTO message (public_id, profile_id, is_marketing, is_test, purpose_id, channel, address,
    state, reason, queued_at, due_at, expires_at, attempts, step, visit, lane, locale, variant,
    consent_entry_id, idempotency_key, provider_ref, data)
SELECT gen_random_uuid(), %s, true, false, p.id, 'email', %s, 'queued', '', now(), now(),
    now() + interval '1 day', 0, 'x', 1, 9, '', '', %s, '', '', '{}'
FROM purpose p WHERE p.slug = 'marketing'
"""


# each of them once with something to do, whatever is drawn besides
ONCE = """
campaign ada, limit ada, campaign ada, console ben, limit ada, pause ada, claim ada, replay ada,
single ada, form ada, one_click ben, replay ben, sql_old_entry ben, sql ben, campaign ben,
sql_update ben, ask cleo, campaign cleo, gone_by cleo, hard_bounce ada, single ada, released ada,
restrict ada, webhook ada, export ada, campaign ada, restrict ada, import cleo, single cleo, night
ada, close ada, console ada, open ada, change_while_waiting ada, deny ada, complaint ben, withdraw
cleo, sql_old_entry ada, export ben
"""
# with an entry that permitted once, whatever was said since
QUEUE = """
WITH m AS (
    INSERT INTO message (public_id, profile_id, is_marketing, is_test, purpose_id, channel,
        address, state, reason, queued_at, due_at, expires_at, attempts, step, visit, lane, locale,
        variant, consent_entry_id, idempotency_key, provider_ref, data, content_version_id)
    SELECT gen_random_uuid(), e.profile_id, true, false, e.purpose_id, 'email', %s, 'queued', '',
        now(), now(), now() + interval '1 day', 0, 'x', 1, 1, '', '', e.id, '', '', '{}', v.id
    FROM consent_entry e JOIN content_version v ON v.id = %s
    WHERE e.profile_id = %s AND e.permits AND e.channel = 'email' ORDER BY e.id LIMIT 1
    RETURNING profile_id, id
)
INSERT INTO message_chunk (lane, channel, profile_ids, message_ids, due_at, attempts, created_at)
SELECT 1, 'email', ARRAY[profile_id], ARRAY[id], now(), 0, now() FROM m
"""
# what somebody would like to be a permission
YES = {
    "marketing_consent": True, "status": "granted", "act": "double_opt_in",
    "categoryPreferences": {"marketing": True, "email": True},
}  # fmt: skip


class Permissions(RuleBasedStateMachine):
    """What the model knows of each address: whether it is allowed, refused, suppressed, how often
    it may be written to and was; who is restricted; whether it is an hour of the law.
    """

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        MAILS.clear()
        self.allowed: set[str] = set()
        self.refused: set[str] = set()  # a claim alone brings nothing back
        self.blocked: dict[str, str] = {}
        self.frozen: dict[str, PrivacyRequest] = {}
        self.limited: set[str] = set()
        self.counted: Counter[str] = Counter()  # against a limit of their own
        self.said_first: dict[str, dict] = {}
        self.is_open = True
        self.n = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        self.prepare()

    def prepare(self) -> None:
        make_sender()
        self.people = {name: make_person(name) for name in NAMES}
        _row, key = create_api_key(name="k", scopes=["all"])
        self.client = Client(headers={"Authorization": f"Bearer {key}"})
        keys._known.clear()
        forget_policies()
        forget_limits()
        make_source("shop")
        create_webhook(url="https://hooks.example.com/", events=["segment.entered"])
        granted = {"kind": "consent", "purpose": "marketing", "channel": "email",
                   "status": "granted"}  # fmt: skip
        rule = {"match": "all", "conditions": [granted]}
        create_segment(slug="granted", name="May get mails", rule=rule)
        self.admin = Client()
        self.admin.force_login(make_user())
        self.send_one("cleo")  # nobody may: but its content is kept, for `by_sql_old_entry`
        for name in NAMES[:2]:
            self.say("form", name)

    def post(self, path: str, body: dict, status: int = 201) -> dict:
        answer = self.client.post(f"/api/{path}/", body, JSON)
        assert answer.status_code == status, answer.content
        return answer.json() if answer.content else {}

    def is_permitted(self, name: str) -> bool:
        return name in self.allowed and name not in self.blocked and name not in self.frozen

    def may(self, name: str) -> bool:
        return self.is_permitted(name) and not (name in self.limited and self.counted[name])

    def arrives(self, names: Iterable[str]) -> list[str]:
        """Those of whom get one now; the others of whom may are counted, and held till the day."""
        found = sorted(name for name in names if self.may(name))
        self.counted.update(found)
        return found if self.is_open else []

    # one rule: of several each example would leave some out, and it is their mixture that errs
    @rule(what=st.sampled_from(WHAT), name=st.sampled_from(NAMES))
    def step(self, what: str, name: str) -> None:
        self.take(what, name)

    def take(self, what: str, name: str) -> None:
        if what in ROUTES:
            self.try_to_send(what, name)
        elif what in SUPPRESSED:
            self.suppress(what, name)
        elif what in AROUND:
            getattr(self, f"do_{what}")(name)
        else:
            self.say(what, name)

    def say(self, what: str, name: str) -> None:
        if what in ("one_click", "gone_by", "ask", "pause", "limit", "replay"):
            getattr(self, what)(name)
        else:
            self.say_by_api(what, name)

    def say_by_api(self, what: str, name: str) -> None:
        granted = what in ("form", "claim")
        body = {
            "person": f"email:{name}@example.com", "purpose": "marketing", "channel": "email",
            "status": "granted" if granted else {"deny": "denied"}.get(what, "withdrawn"),
            "basis": "consent", "evidence": {"act": "form"} if what == "form" else {},
            "at": timezone.now().isoformat(),
        }  # fmt: skip
        if what == "form":
            self.said_first.setdefault(name, body)
        told = self.post("consents", body)
        if what == "claim" and name in self.refused:
            assert told["outcome"] == "withdrawal_stands"
            DONE["claims"] += 1
        elif granted:
            self.allowed.add(name)
            self.refused.discard(name)
        else:
            self.allowed.discard(name)
            self.refused.add(name)

    def gone_by(self, name: str) -> None:
        """Allowed for a time that is over."""
        evidence = {
            "act": "form", "until": stamp(timezone.now() - timedelta(seconds=1)), "then": "expire",
        }  # fmt: skip
        purpose = Purpose.objects.get(slug="marketing").pk
        said = Statement(
            self.people[name].pk, purpose, "email", "granted", "consent",
            contact_point=f"{name}@example.com", evidence=evidence,
        )  # fmt: skip
        record_consents([said])
        assert elapse() == 1
        assert elapse() == 0
        DONE["gone_by"] += 1
        self.allowed.discard(name)
        self.refused.discard(name)

    def one_click(self, name: str) -> None:
        """By the link of a mail that went out before."""
        row = Message.objects.filter(address=f"{name}@example.com", sent_at__isnull=False).first()
        if row is not None:
            token = tokens.issue("unsubscribe", row.profile_id, row.pk)
            assert Client().post(f"/u/{token}/").status_code == 200
            DONE["one_click"] += 1
            self.allowed.discard(name)
            self.refused.add(name)

    def ask(self, name: str) -> None:
        """A double opt-in that nobody has answered yet."""
        if name not in self.allowed | self.refused:
            evidence = {"until": stamp(timezone.now() + timedelta(days=7)), "then": "expire"}
            purpose = Purpose.objects.get(slug="marketing").pk
            said = Statement(
                self.people[name].pk, purpose, "email", "pending", "consent",
                contact_point=f"{name}@example.com", evidence=evidence,
            )  # fmt: skip
            (answer,) = record_consents([said])
            assert answer.state == "pending"
            DONE["ask"] += 1

    def replay(self, name: str) -> None:
        """The grant of long ago once more, word for word: it is older than what stands."""
        if name in self.refused and name in self.said_first:
            self.post("consents", self.said_first[name])
            DONE["replay"] += 1

    def on_the_page(self, name: str, action: str) -> bool:
        """By the link of a mail that went out before."""
        row = Message.objects.filter(address=f"{name}@example.com", sent_at__isnull=False).first()
        if row is None:
            return False
        token = tokens.issue("preferences", row.profile_id, row.pk)
        answer = Client().post(f"/preferences/{token}/", {"action": action})
        assert answer.status_code == 303
        DONE[action] += 1
        return True

    def pause(self, name: str) -> None:
        if self.on_the_page(name, "pause") and name in self.allowed:
            self.allowed.discard(name)
            self.refused.add(name)

    def limit(self, name: str) -> None:
        """One a week, or again as often as we write."""
        action = "limit-none" if name in self.limited else "limit-7"
        if self.on_the_page(name, action):
            forget_limits()
            self.limited ^= {name}

    def do_restrict(self, name: str) -> None:
        """Their data is kept and not used; or it is again, where that is so already."""
        if name in self.frozen:
            lift(self.frozen.pop(name), because="told them")
            DONE["lift"] += 1
            return
        asked = requests.open_request(type_="restriction", references=[f"email:{name}@example.com"])
        requests.settle(asked)
        assert carry_out_due(seconds=60) == 1
        self.frozen[name] = asked
        DONE["restrict"] += 1

    def do_import(self, name: str) -> None:
        """And again: what says yes to everything in a file or a call permits nothing."""
        call = {
            "type": "identify", "messageId": f"m-{name}", "userId": f"u-{name}",
            "timestamp": stamp(timezone.now()), "context": {"consent": YES},
            "traits": {"email": f"{name}@example.com", **YES},
        }  # fmt: skip
        for _ in range(2):
            assert Caller("key-shop").post("/v1/import", {"batch": [call]}).status_code == 200
            work_off()
        DONE["import"] += 1

    def do_close(self, _name: str = "") -> None:
        """It is no hour of the law any more, wherever they live."""
        at_noon = timezone.localtime(timezone=workspace_zone()).hour < 12
        hours = ("20:00", "21:00") if at_noon else ("02:00", "03:00")
        self.of_the_law({"hours": dict(zip(("from", "to"), hours, strict=True))})
        self.is_open = False

    def do_open(self, _name: str = "") -> None:
        self.of_the_law({})
        self.is_open = True

    def of_the_law(self, terms: dict) -> None:
        for row in Policy.objects.filter(slug__in=["floor", "unknown"]):
            row.terms = {k: v for k, v in row.terms.items() if k != "hours"} | terms
            row.save()
        forget_policies()

    def suppress(self, what: str, name: str) -> None:
        if what != "released":
            body = {"kind": "email", "value": f"{name}@example.com", "reason": what}
            self.post("suppressions", body)
            self.blocked[name] = what
        elif name in self.blocked:
            digest = Identifier.objects.get(value=f"{name}@example.com").digest
            for row in Suppression.objects.filter(digest=digest):
                release(row)
            del self.blocked[name]

    def try_to_send(self, route: str, name: str) -> None:
        self.n += 1
        MAILS.clear()
        getattr(self, f"by_{route}")(name)
        DONE[route] += 1
        DONE.update({"mails": len(MAILS)} if MAILS else {})

    def by_campaign(self, _name: str) -> None:
        slug = f"c{self.n}"
        launched(make_segment(*self.people.values(), slug=slug), slug, caps={"unlimited": True})
        deliver_all()
        assert sorted(MAILS) == self.arrives(NAMES)

    def by_console(self, _name: str) -> None:
        """By its button, without the time to think again."""
        slug = f"c{self.n}"
        segment = make_segment(*self.people.values(), slug=slug)
        make_campaign(segment, slug, caps={"unlimited": True})
        with override_settings(CONSOLE_HOLD_SECONDS=0):
            answer = self.admin.post(f"/console/campaigns/{slug}/go/")
        assert answer.status_code == 302
        fan_out_all()
        assert Campaign.objects.get(slug=slug).launched_at
        deliver_all()
        assert sorted(MAILS) == self.arrives(NAMES)

    def by_single(self, name: str) -> None:
        self.send_one(name)
        deliver_all()
        assert self.arrives([name]) == MAILS

    def send_one(self, name: str) -> None:
        body = {
            "person": f"email:{name}@example.com", "channel": "email", "purpose": "marketing",
            "content": CONTENT, "data": {},
        }  # fmt: skip
        keyed = {"Idempotency-Key": f"k{self.n}"}
        answer = self.client.post("/api/messages/", body, JSON, headers=keyed)
        assert answer.status_code in (200, 201), answer.content

    def by_change_while_waiting(self, name: str) -> None:
        """The gate holds a second time at the hand-over."""
        slug = f"c{self.n}"
        launched(make_segment(*self.people.values(), slug=slug), slug, caps={"unlimited": True})
        before = self.arrives(NAMES)
        self.say("withdraw", name)
        deliver_all()
        self.counted[name] -= name in before  # what did not leave is given back
        assert sorted(MAILS) == [each for each in before if each != name]

    def by_night(self, _name: str) -> None:
        """What was queued by day comes to leave by night."""
        slug = f"c{self.n}"
        launched(make_segment(*self.people.values(), slug=slug), slug, caps={"unlimited": True})
        self.arrives(NAMES)
        self.do_close()
        deliver_all()
        assert MAILS == []
        held = Message.objects.filter(campaign_id=Campaign.objects.get(slug=slug).pk)
        assert all(row.held_until for row in held.filter(state="queued"))
        self.do_open()

    def by_sql(self, name: str) -> None:
        """With the application's role, and whichever entry of theirs permits nothing."""
        person = self.people[name]
        entries = [
            None,
            *person.consententry_set.filter(permits=False).values_list("id", flat=True),
        ]
        for entry in entries:
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(INSERT, [person.pk, f"{name}@example.com", entry])
        # an entry that permitted once, and is withdrawn since, is caught at the hand-over
        deliver_all()
        assert MAILS == []

    def by_sql_old_entry(self, name: str) -> None:
        """With an entry that permitted once, and a chunk of its own: the hand-over asks again."""
        content = ContentVersion.objects.filter(version=None).first()
        if content is None:
            return
        with connection.cursor() as cursor:
            cursor.execute(QUEUE, [f"{name}@example.com", content.pk, self.people[name].pk])
            DONE["queued_by_sql"] += cursor.rowcount
            is_queued = bool(cursor.rowcount)
        deliver_all()
        is_permitted = self.is_permitted(name)
        assert ([name] if is_queued and self.is_open and is_permitted else []) == MAILS
        if is_queued and not is_permitted and self.counted[name]:
            self.counted[name] -= 1  # given back, though whoever wrote it had not counted it

    def by_export(self, _name: str) -> None:
        """A list of who may get mails, for another system: nobody else is on it."""
        while WORK.get("segments")():
            pass
        rows = self.client.get("/api/segments/granted/members/").json()["results"]
        ids = {str(person.public_id): name for name, person in self.people.items()}
        assert {ids[row["profile"]] for row in rows} == self.allowed - self.frozen.keys()

    def by_webhook(self, _name: str) -> None:
        """Who is restricted when the call is made is not in it."""
        WebhookDelivery.objects.all().delete()
        people = [person.pk for person in self.people.values()]
        tell_many("segment.entered", {"segment": "granted"}, people)
        (told,) = KINDS.get("segment.entered").compose(list(WebhookDelivery.objects.all()))
        free = {str(p.public_id) for n, p in self.people.items() if n not in self.frozen}
        assert set(told["people"] if told else ()) == free

    def by_sql_update(self, name: str) -> None:
        """What was left out is put back among those that wait."""
        rows = Message.objects.filter(
            address=f"{name}@example.com", state="excluded", consent_entry_id=None
        )
        for row in rows[:2]:
            DONE["put_back"] += 1
            with pytest.raises(DatabaseError), transaction.atomic():
                Message.objects.filter(pk=row.pk).update(state="queued", reason="")


def test_no_route_leads_past_a_missing_permission(server):
    limit = {SETTING: {"email": {"count": 10_000, "per_days": 1}}}
    Workspace.objects.update(settings=Workspace.objects.get().settings | limit)
    forget_workspace()
    taken = server.mails

    class Names(list):
        def append(self, item):
            super().append(item)
            MAILS.append(item[0].partition("@")[0])

    server.mails = Names(taken)
    DONE.clear()
    once = Permissions()
    once.prepare()
    for one in ONCE.split(","):
        once.take(*one.split())
    once.teardown()
    tried = (
        *ROUTES, "claims", "gone_by", "one_click", "put_back", "mails", "ask", "replay", "pause",
        "limit-7", "limit-none", "restrict", "lift", "import", "queued_by_sql",
    )  # fmt: skip
    assert not [what for what in tried if not DONE[what]], DONE
    run_state_machine_as_test(
        Permissions,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
            derandomize=True,
        ),
    )
    assert not [what for what in (*ROUTES, "mails") if DONE[what] < 3], DONE
