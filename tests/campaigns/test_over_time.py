"""Random lives of a few addresses, against a model that knows the truth of each address.

People are merged, taken apart in any order, listed, written to, click, buy, withdraw and allow
again. What the model knows is small: to whom each address came first, which merges stand, and what
was said, sent, clicked and bought by which address. Everything that is looked up by person has to
be what these add up to, after each single step.
"""

from collections.abc import Iterator

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from campaigns.models import Campaign, CampaignVersion, ContactCount, Message
from campaigns.outcomes.recording import find_sent, record_click
from campaigns.people.whose import written_to
from campaigns.services.single import _content, send_message
from config.workspace.frequency import SETTING
from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace
from consent.models import ConsentState, Purpose
from consent.suppression.withdrawing import withdraw_address
from profiles.ingest import processor
from profiles.ingest.inbox import accept
from profiles.merging.merging import merge_people, undo_merge
from profiles.models import Identifier, Profile
from profiles.people import lineage
from segments.models import Membership, Segment
from segments.services import add_members
from tests.campaigns.builders import make_sender, say
from tests.cast import make_source

pytestmark = pytest.mark.django_db
ADDRESSES = [f"p{n}@example.com" for n in range(4)]
CONTENT = {"subject": "Tents", "text": "Tents. {{ unsubscribe_url }}"}
CAP = 3
WHAT = [
    *["merge"] * 4, *["undo"] * 3, *["send"] * 3, *["click"] * 3, *["buy"] * 3,
    "withdraw", "allow", "put_on_the_list",
]  # fmt: skip
address = st.sampled_from(range(len(ADDRESSES)))


class Lives(RuleBasedStateMachine):
    """Numbers are places in ADDRESSES; people are ids of profiles."""

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        self.merges: dict[int, tuple[int, int]] = {}  # standing: record -> survivor, absorbed
        self.sent: dict[int, int] = {}  # message -> to which address
        self.left_out: set[int] = set()
        self.clicked: list[int] = []  # messages, in the order of their first click
        self.orders: dict[str, tuple[int, list[int]]] = {}  # by whom, and what was clicked by then
        self.refused: set[int] = set()
        self.named: set[int] = set()  # on the list
        self.keys = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        self.source = make_source("shop")
        self.list = Segment.objects.create(slug="list", name="list", kind="static")
        self.campaign = Campaign.objects.create(
            slug="goal", name="goal", status="running", goal={"event": "Order Completed"}
        )
        version = CampaignVersion.objects.create(
            campaign=self.campaign, number=1, entry={}, steps=[], goal=self.campaign.goal
        )
        Campaign.objects.filter(pk=self.campaign.pk).update(current=version)
        accept(self.source, [{"type": "identify", "traits": {"email": a}} for a in ADDRESSES])
        self._work_off()
        owners = dict(Identifier.objects.filter(kind="email").values_list("value", "profile_id"))
        self.first = [owners[a] for a in ADDRESSES]
        for n in range(len(ADDRESSES)):
            self.allow(n)

    def _work_off(self) -> None:
        while processor.work():
            pass

    def today(self, person: int) -> int:
        up = {absorbed: survivor for survivor, absorbed in self.merges.values()}
        while person in up:
            person = up[person]
        return person

    def person(self, n: int) -> int:
        return self.today(self.first[n])

    def group(self, person: int) -> set[int]:
        return {n for n in range(len(ADDRESSES)) if self.person(n) == person}

    def people(self) -> Iterator[int]:
        yield from sorted({self.person(n) for n in range(len(ADDRESSES))})

    # one rule: of several each example would leave some out, and it is their mixture that errs
    @rule(what=st.sampled_from(WHAT), one=address, other=address)
    def step(self, what: str, one: int, other: int) -> None:
        some = one * len(ADDRESSES) + other
        if what == "merge":
            self.merge(one, other)
        elif what == "undo" and self.merges:
            self.undo(sorted(self.merges)[some % len(self.merges)])
        elif what == "click" and self.sent:
            self.click(sorted(self.sent)[some % len(self.sent)])
        elif what not in ("undo", "click"):
            getattr(self, what)(one)

    # --- what happens ---

    def merge(self, one: int, other: int) -> None:
        survivor, absorbed = self.person(one), self.person(other)
        if survivor != absorbed:
            record = merge_people(
                survivor_id=survivor, absorbed_id=absorbed, rule="by hand", evidence={}
            )
            self.merges[record] = (survivor, absorbed)

    def undo(self, record: int) -> None:
        undo_merge(merge_id=record)
        del self.merges[record]

    def send(self, n: int) -> None:
        group, self.keys = self.group(self.person(n)), self.keys + 1
        counted = sum(1 for m, to in self.sent.items() if to in group and m not in self.left_out)
        row, is_new = send_message(
            profile=Profile.objects.get(pk=self.person(n)),
            channel="email",
            purpose="marketing",
            content=CONTENT,
            idempotency_key=f"k{self.keys}",
        )
        assert is_new
        to = ADDRESSES.index(row.address)
        assert to in group
        if group <= self.refused:
            assert row.reason == "no_permission"
        else:
            assert to not in self.refused
            assert row.reason == ("capped" if counted >= CAP else "")
        Message.objects.filter(profile_id=row.profile_id, id=row.pk).update(
            campaign_id=self.campaign.pk, visit=self.keys
        )
        self.sent[row.pk] = to
        if row.reason:
            self.left_out.add(row.pk)

    def click(self, message: int) -> None:
        row = Message.objects.get(pk=message)
        sent = find_sent(row.profile_id, row.pk)
        assert sent is not None
        if message not in self.clicked:
            record_click(sent, 0, "https://shop.example/", "human")
            self.clicked.append(message)
            self._work_off()

    def buy(self, n: int) -> None:
        order = f"o{len(self.orders)}"
        properties = {"order_id": order, "total": 5}
        by = {"traits": {"email": ADDRESSES[n]}}
        accept(self.source, [
            {"type": "track", "event": "Order Completed", "properties": properties, "context": by}
        ])  # fmt: skip
        self._work_off()
        self.orders[order] = (n, list(self.clicked))

    def withdraw(self, n: int) -> None:
        withdraw_address(
            channel="email",
            address=ADDRESSES[n],
            profile_id=self.person(n),
            evidence={"by": "the link of a mail"},
        )
        self.refused.add(n)

    def allow(self, n: int) -> None:
        say(Profile.objects.get(pk=self.person(n)), point=ADDRESSES[n], act="form")
        self.refused.discard(n)

    def put_on_the_list(self, n: int) -> None:
        add_members(self.list, [f"email:{ADDRESSES[n]}"])
        if self.named.isdisjoint(self.group(self.person(n))):
            self.named.add(n)

    # --- what has to be true ---

    @invariant()
    def who_they_are(self) -> None:
        owners = dict(Identifier.objects.filter(kind="email").values_list("value", "profile_id"))
        assert owners == {a: self.person(n) for n, a in enumerate(ADDRESSES)}
        assert lineage.today_of(self.first) == {p: self.today(p) for p in self.first}
        for person, ever in lineage.ever_of(list(self.people())).items():
            assert set(ever) == {p for p in self.first if self.today(p) == person}
        assert set(Profile.objects.living().values_list("pk", flat=True)) == set(self.people())

    @invariant()
    def what_they_were_sent(self) -> None:
        counts = dict(ContactCount.objects.exclude(n=0).values_list("profile_id", "n"))
        for person in self.people():
            theirs = {m for m, to in self.sent.items() if to in self.group(person)}
            found = Message.objects.filter(written_to(person)).values_list("pk", flat=True)
            assert sorted(found) == sorted(theirs)
            assert counts.pop(person, 0) == len(theirs - self.left_out)
        assert counts == {}

    @invariant()
    def what_is_credited(self) -> None:
        rows = Message.objects.exclude(data__orders=None).values_list("pk", "data")
        credited = [(order, row) for row, data in rows for order in data["orders"]]
        assert len(credited) == len({order for order, _row in credited})
        found = dict(credited)
        for order, (buyer, clicked) in self.orders.items():
            group = self.group(self.person(buyer))
            may = {m for m in clicked if self.sent[m] in group}
            assert (found.get(order) in may) if may else order not in found

    @invariant()
    def what_they_allow(self) -> None:
        rows = ConsentState.objects.filter(purpose__slug="marketing", channel="email", topic_key=0)
        found = {(s.profile_id, s.contact_point): s.status for s in rows}
        for n, point in enumerate(ADDRESSES):
            wanted = "withdrawn" if n in self.refused else "granted"
            assert found[self.person(n), point] == wanted

    @invariant()
    def who_is_on_the_list(self) -> None:
        rows = Membership.objects.filter(segment=self.list, left_at=None)
        found = sorted(rows.values_list("profile_id", flat=True))
        assert found == [p for p in self.people() if self.group(p) & self.named]
        self.list.refresh_from_db()
        assert self.list.count == len(found)


def test_lives_of_a_few_addresses():
    row = Workspace.objects.get()
    limit = {SETTING: {"email": {"count": CAP, "per_days": 1}}}
    Workspace.objects.update(settings=row.settings | limit)
    forget_workspace()
    make_sender()
    _content(Purpose.objects.get(slug="marketing"), "email", CONTENT, "")  # compiled once
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=10,
            stateful_step_count=25,
            deadline=None,
            phases=[Phase.generate],
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
