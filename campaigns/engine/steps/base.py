"""What a kind of step is: one class in one file, signed in with `@step_kind`.

People are executed at a step all at once. A kind's `run` does what the step does to them and says
in SQL which way each goes on; the executor moves them, in the same transaction
(`campaigns.engine.executor`). A step's `due` says when somebody who arrives at it is due there.
"""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from django.db.backends.utils import CursorWrapper

from campaigns.composition.field_errors import Errors
from campaigns.plan import Node, Plan, Step
from config.postgres.sql import Sql, sql
from segments.rules import Group


@dataclass(frozen=True)
class StepBatch:
    """People who are at one step of a launched plan and due there, under one lease.

    `profiles` and `enrolments` are pairs by position.
    """

    plan: Plan
    node: Node
    lease: uuid.UUID
    now: datetime
    profiles: Sequence[int]
    enrolments: Sequence[int]

    @property
    def pairs(self) -> Sql:
        """A relation `(profile_id, enrolment_id)`, in brackets."""
        return self.some(zip(self.profiles, self.enrolments, strict=True))

    def some(self, pairs: Iterable[tuple[int, int]]) -> Sql:
        """The same of some of them."""
        chosen = list(pairs)
        return sql(
            "(SELECT * FROM unnest({profiles}::bigint[], {enrolments}::bigint[])"
            " AS g(profile_id, enrolment_id))",
            profiles=[profile for profile, _enrolment in chosen],
            enrolments=[enrolment for _profile, enrolment in chosen],
        )


@dataclass(frozen=True)
class Card:
    """A step as a page shows it: an icon, what it does, and a line more."""

    icon: str
    title: str
    text: str = ""
    asks: Mapping[str, Group] = field(default_factory=dict)  # by way, the rule that leads there


class StepKind(ABC):
    """What is done with a step of one kind. Instances hold nothing: a step is its JSON."""

    kind: ClassVar[str]

    @abstractmethod
    def faults(self, step: Step, path: str) -> Errors:
        """What is wrong with its JSON, beside the lists that it holds."""

    @abstractmethod
    def run(self, cursor: CursorWrapper, batch: StepBatch) -> Sql:
        """Do it with all of the batch, in the caller's transaction.

        The answer is a query for `(profile_id, enrolment_id, decided, to_step, at)`: a word for
        what decided, where each goes on ("" at the end) and from when on.
        """

    @abstractmethod
    def describe(self, step: Step) -> str:
        """In words, as a line of a list."""

    @abstractmethod
    def card(self, step: Step) -> Card:
        """As a page shows it."""

    def due(self, step: Step, arrival: Sql) -> Sql:
        """When who arrives at `arrival` is due here: at once. `p` is the row of their profile."""
        return arrival

    def rules(self, step: Step) -> list[Any]:
        """The rules that it asks of people, as JSON."""
        return []


STEPS: dict[str, StepKind] = {}
Kind = TypeVar("Kind", bound=type[StepKind])


def step_kind(kind: Kind) -> Kind:
    """Sign a kind in. Raises ValueError where its name is taken."""
    if type(STEPS.get(kind.kind)) not in (kind, type(None)):
        raise ValueError(f"the step kind {kind.kind!r} is registered already")
    STEPS[kind.kind] = kind()
    return kind


def kind_of(step: Step) -> StepKind:
    """The kind of a checked step. Raises LookupError."""
    return STEPS[str(step.get("kind"))]


def rules_of(step: Step) -> list[Any]:
    """The rules that a step asks, as JSON; none of an unknown kind."""
    kind = STEPS.get(str(step.get("kind")))
    return kind.rules(step) if kind else []


def onward(batch: StepBatch, decided: str) -> Sql:
    """Everybody goes on behind the step."""
    return sql(
        "SELECT profile_id, enrolment_id, {decided}::text AS decided, {to}::text AS to_step,"
        " {now}::timestamptz AS at FROM {pairs} b",
        pairs=batch.pairs,
        decided=decided,
        to=batch.node.after,
        now=batch.now,
    )
