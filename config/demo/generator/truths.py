"""What is true of a run, from what the generator knows: the answers that the console must give.

A profile is named by its user id, or by the anonymous id of a device that nobody signed in on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from config.demo.generator.world.catalogue import BY_ID, WELL_REVIEWED
from config.demo.generator.world.clock import DAY

BIG_SPEND = 900
LAPSED_AFTER_DAYS, REGULAR_ORDERS = 90, 3
LOOKS, LOOK_DAYS = 3, 30


@dataclass(slots=True)
class Facts:
    """What one identifier did; times in ms."""

    orders: list[tuple[int, str, float]] = field(default_factory=list)  # time, category, revenue
    last_added: int = -1
    boot_looks: list[int] = field(default_factory=list)
    seen: bool = False

    def absorb(self, other: Facts) -> None:
        """Add what an anonymous device did before its owner was known."""
        self.orders += other.orders
        self.boot_looks += other.boot_looks
        self.last_added = max(self.last_added, other.last_added)


@dataclass(frozen=True)
class Truths:
    """Counts at the end of a run. `members` are exact, by the slugs of `content.SEGMENTS`.

    Left out of `members`: newsletter-indonesia, which needs permissions (`permissions.readers`).
    """

    profiles: int
    people: int
    messages: int
    by_event: dict[str, int]
    by_source: dict[str, int]
    anonymous_ids: int
    owner: dict[str, str]  # anonymous id -> user id, for every device that somebody signed in on
    shared: dict[str, tuple[str, ...]]  # anonymous id -> the people on it, who must stay apart
    members: dict[str, frozenset[str]]
    revenue: dict[str, float]  # of completed orders, by currency
    refunded: dict[str, float]
    cancelled: dict[str, float]
    bought_share: dict[str, float]  # orders for each view: of well reviewed things, of others


def events_of(body: dict[str, Any]) -> str:
    """The name that an event row gets."""
    named = {"page": "Page Viewed", "screen": "Screen Viewed"}
    kind: str = body["type"]
    return str(body["event"]) if kind == "track" else named.get(kind, kind)


class Observer:
    """Looks on as messages are generated, from `start` to the end, and knows the truths then."""

    def __init__(
        self, worth: Callable[[int, float, str], float] = lambda at, sum_, _: sum_
    ) -> None:
        """`worth(at, amount, currency)` is the amount in the shop's own currency on that day."""
        self.worth = worth
        self.facts: defaultdict[str, Facts] = defaultdict(Facts)
        self.users: set[str] = set()
        self.anonymous: set[str] = set()
        self.owner: dict[str, str] = {}
        self.on_device: defaultdict[str, set[str]] = defaultdict(set)
        self.events: Counter[str] = Counter()
        self.sources: Counter[str] = Counter()
        self.money: defaultdict[str, defaultdict[str, float]] = defaultdict(_sums)
        self.praised: Counter[tuple[str, bool]] = Counter()
        self.end = 0

    def see(self, at: int, source: str, body: dict[str, Any]) -> None:
        """One message, at `at` ms."""
        name = events_of(body)
        self.events[name] += 1
        self.sources[source] += 1
        self.end = at
        facts = self.facts[self._who(body)]
        if name in _NOTES:
            _NOTES[name](self, facts, at, body["properties"])

    def _who(self, body: dict[str, Any]) -> str:
        user, device = body.get("userId"), body.get("anonymousId")
        if device is not None:
            self.anonymous.add(device)
        if user is None:
            return str(device)
        self.users.add(user)
        if device is not None:
            self.owner.setdefault(device, user)
            self.on_device[device].add(user)
        return str(user)

    def _completed(self, facts: Facts, at: int, said: dict[str, Any]) -> None:
        worth = self.worth(at, said["revenue"], said["currency"])
        facts.orders.append((at, said["category"], worth))
        self.money["revenue"][said["currency"]] += said["revenue"]
        self.praised["bought", _is_praised(said["products"][0])] += 1

    def _refunded(self, facts: Facts, at: int, said: dict[str, Any]) -> None:
        self.money["refunded"][said["currency"]] += said["total"]

    def _cancelled(self, facts: Facts, at: int, said: dict[str, Any]) -> None:
        self.money["cancelled"][said["currency"]] += said["total"]

    def _added(self, facts: Facts, at: int, said: dict[str, Any]) -> None:
        facts.last_added = max(facts.last_added, at)

    def _viewed(self, facts: Facts, at: int, said: dict[str, Any]) -> None:
        self.praised["viewed", _is_praised(said)] += 1
        if said["category"] == "boots":
            facts.boot_looks.append(at)

    def _resolved(self) -> dict[str, Facts]:
        """The facts of each profile: a device's history is its (first) owner's."""
        found: defaultdict[str, Facts] = defaultdict(Facts)
        for name, facts in self.facts.items():
            found[self.owner.get(name, name)].absorb(facts)
        return dict(found)

    def truths(self, end_ms: int) -> Truths:
        """Once all up to `end_ms` has been seen. Money is rounded to cents."""
        profiles = self._resolved()
        money = {k: {c: round(v, 2) for c, v in m.items()} for k, m in self.money.items()}
        return Truths(
            profiles=len(profiles),
            people=len(self.users),
            messages=sum(self.events.values()),
            by_event=dict(self.events),
            by_source=dict(self.sources),
            anonymous_ids=len(self.anonymous),
            owner=dict(self.owner),
            shared={d: tuple(sorted(u)) for d, u in self.on_device.items() if len(u) > 1},
            members={s: _members(profiles, rule, end_ms) for s, rule in _RULES.items()},
            revenue=money.get("revenue", {}),
            refunded=money.get("refunded", {}),
            cancelled=money.get("cancelled", {}),
            bought_share=self._bought_share(),
        )

    def _bought_share(self) -> dict[str, float]:
        def share(praised: bool) -> float:
            return self.praised["bought", praised] / max(1, self.praised["viewed", praised])

        return {"well_reviewed": share(True), "other": share(False)}


_NOTES = {
    "Order Completed": Observer._completed,
    "Order Refunded": Observer._refunded,
    "Order Cancelled": Observer._cancelled,
    "Product Added": Observer._added,
    "Product Viewed": Observer._viewed,
}


def _sums() -> defaultdict[str, float]:
    return defaultdict(float)


def _is_praised(product: dict[str, Any]) -> bool:
    return BY_ID[product["product_id"]].rating >= WELL_REVIEWED


def _bought(facts: Facts, category: str) -> bool:
    return any(order[1] == category for order in facts.orders)


def _tent_no_boots(facts: Facts, end: int) -> bool:
    return _bought(facts, "tents") and not _bought(facts, "boots")


def _abandoned(facts: Facts, end: int) -> bool:
    last_order = max((order[0] for order in facts.orders), default=-1)
    return facts.last_added > end - 7 * DAY and last_order < facts.last_added


def _lapsing(facts: Facts, end: int) -> bool:
    year = [order[0] for order in facts.orders if order[0] > end - 365 * DAY]
    recent = [at for at in year if at > end - LAPSED_AFTER_DAYS * DAY]
    return len(year) >= REGULAR_ORDERS and not recent


def _big_spender(facts: Facts, end: int) -> bool:
    return sum(o[2] for o in facts.orders if o[0] > end - 365 * DAY) > BIG_SPEND


def _boot_looker(facts: Facts, end: int) -> bool:
    looks = [at for at in facts.boot_looks if at > end - LOOK_DAYS * DAY]
    return len(looks) >= LOOKS and not _bought(facts, "boots")


_RULES = {
    "tent-people": lambda facts, end: _bought(facts, "tents"),
    "tent-no-boots": _tent_no_boots,
    "abandoned-cart": _abandoned,
    "lapsing-regulars": _lapsing,
    "big-spenders": _big_spender,
    "boot-lookers": _boot_looker,
}


def _members(profiles: dict[str, Facts], rule: Any, end: int) -> frozenset[str]:
    return frozenset(name for name, facts in profiles.items() if rule(facts, end))
