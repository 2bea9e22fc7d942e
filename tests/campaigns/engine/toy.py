"""A kind of step, made as CONTRIBUTING.md says: people whose number is even go one way."""

from typing import Any

from django.db.backends.utils import CursorWrapper

from campaigns.composition.field_errors import Errors, fault
from campaigns.engine.steps import StepBatch, StepKind
from campaigns.engine.steps.base import Card
from campaigns.plan import Step
from config.postgres.sql import Sql, sql


class ParityStep(StepKind):
    """`then` for even numbers, `else` for odd ones."""

    kind = "parity"

    def faults(self, step: Step, path: str) -> Errors:
        if step.get("of") != "profile":
            yield fault(f"{path}.of", "The number of a profile.", "choice")

    def run(self, cursor: CursorWrapper, batch: StepBatch) -> Sql:
        ways: dict[str, Any] = dict(batch.node.ways)
        return sql(
            "SELECT profile_id, enrolment_id,"
            " CASE WHEN even THEN 'then' ELSE 'else' END AS decided,"
            " CASE WHEN even THEN {then}::text ELSE {others}::text END AS to_step,"
            " {now}::timestamptz AS at"
            " FROM (SELECT b.*, profile_id %% 2 = 0 AS even FROM {pairs} b) g",
            then=ways["then"],
            others=ways["else"],
            now=batch.now,
            pairs=batch.pairs,
        )

    def describe(self, step: Step) -> str:
        return "Even or odd"

    def card(self, step: Step) -> Card:
        return Card("split", "Even or odd")
