"""No marketing without permission, whatever the route: random lives against a small model.

Permissions are given, claimed by a CRM, withdrawn by the link of a mail or by API, end by
themselves; addresses are suppressed and released. In between somebody tries to get a mail out: by a
campaign, by a single message, by a change while it waits, by SQL with the application's own role.
"""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from campaigns.models import Message
from config.workspace.access import tokens
from config.workspace.access.keys import create_api_key
from config.workspace.frequency import SETTING
from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace
from config.workspace.zones import stamp
from consent.ledger.elapsing import elapse
from consent.ledger.recording import Statement, record_consents
from consent.models import Purpose, Suppression
from consent.suppression.suppressing import release
from profiles.models import Identifier
from tests.campaigns.builders import (
    deliver_all,
    launched,
    make_person,
    make_segment,
    make_sender,
)

pytestmark = pytest.mark.django_db
NAMES = ("ada", "ben", "cleo")
SAID = ["claim", "deny", "withdraw", "one_click", "gone_by"]
SUPPRESSED = ["hard_bounce", "complaint", "released"]
ROUTES = ["campaign", "single", "change_while_waiting", "sql", "sql_update"]
MAILS: list[str] = []
WHAT = [*["form"] * 6, *SAID, "one_click", *SUPPRESSED, *["released"] * 2, *ROUTES * 3]
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


class Permissions(RuleBasedStateMachine):
    """What the model knows of each address: whether it is allowed, refused, and suppressed."""

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        MAILS.clear()
        self.allowed: set[str] = set()
        self.refused: set[str] = set()  # a claim alone brings nothing back
        self.blocked: dict[str, str] = {}
        self.n = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        make_sender()
        self.people = {name: make_person(name) for name in NAMES}
        _row, key = create_api_key(name="k", scopes=["all"])
        self.client = Client(headers={"Authorization": f"Bearer {key}"})
        for name in NAMES[:2]:
            self.say("form", name)

    def post(self, path: str, body: dict, status: int = 201) -> dict:
        answer = self.client.post(f"/api/{path}/", body, JSON)
        assert answer.status_code == status, answer.content
        return answer.json() if answer.content else {}

    def may(self, name: str) -> bool:
        return name in self.allowed and name not in self.blocked

    # one rule: of several each example would leave some out, and it is their mixture that errs
    @rule(what=st.sampled_from(WHAT), name=st.sampled_from(NAMES))
    def step(self, what: str, name: str) -> None:
        if what in ROUTES:
            self.try_to_send(what, name)
        elif what in SUPPRESSED:
            self.suppress(what, name)
        else:
            self.say(what, name)

    def say(self, what: str, name: str) -> None:
        if what == "one_click":
            self.one_click(name)
        elif what == "gone_by":
            self.gone_by(name)
        else:
            self.say_by_api(what, name)

    def say_by_api(self, what: str, name: str) -> None:
        granted = what in ("form", "claim")
        told = self.post(
            "consents",
            {
                "person": f"email:{name}@example.com", "purpose": "marketing", "channel": "email",
                "status": "granted" if granted else {"deny": "denied"}.get(what, "withdrawn"),
                "basis": "consent", "evidence": {"act": "form"} if what == "form" else {},
                "at": timezone.now().isoformat(),
            },
        )  # fmt: skip
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
        assert sorted(MAILS) == sorted(name for name in NAMES if self.may(name))

    def by_single(self, name: str) -> None:
        answer = self.client.post(
            "/api/messages/",
            {
                "person": f"email:{name}@example.com", "channel": "email", "purpose": "marketing",
                "content": CONTENT, "data": {},
            },
            JSON,
            headers={"Idempotency-Key": f"k{self.n}"},
        )  # fmt: skip
        assert answer.status_code in (200, 201), answer.content
        deliver_all()
        assert ([name] if self.may(name) else []) == MAILS

    def by_change_while_waiting(self, name: str) -> None:
        """The gate holds a second time at the hand-over."""
        slug = f"c{self.n}"
        launched(make_segment(*self.people.values(), slug=slug), slug, caps={"unlimited": True})
        before = {each for each in NAMES if self.may(each)}
        self.say("withdraw", name)
        deliver_all()
        assert set(MAILS) == before - {name}

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
    run_state_machine_as_test(
        Permissions,
        settings=settings(
            max_examples=12,
            stateful_step_count=22,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
            derandomize=True,
        ),
    )
    assert all(
        DONE[what] for what in (*ROUTES, "claims", "gone_by", "one_click", "put_back", "mails")
    ), DONE
