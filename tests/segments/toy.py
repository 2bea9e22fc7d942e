"""A toy kind of condition, made by the recipe of CONTRIBUTING.md; tests register it for a while."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from config.postgres.sql import sql
from profiles.language import schemas
from profiles.language.reading.reader import Reader
from segments.rules import Condition
from segments.rules.algebra import Filter, Part
from segments.rules.clause import Clause, choose, text
from segments.rules.context import CompileContext


@dataclass(frozen=True)
class ParityCondition(Condition):
    """The toy of the recipe: people whose number is even, or odd."""

    kind = "parity"
    parity: str

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        reader.only("kind", "parity")
        return cls(reader.choice("parity", ("even", "odd")))

    @classmethod
    def schema(cls) -> dict[str, Any]:
        parity = {"type": "string", "enum": ["even", "odd"]}
        return schemas.strict({"parity": parity}, "parity", example={"parity": "even"})

    @classmethod
    def clause(cls) -> Clause:
        return Clause(
            label="parity",
            focus="parity",
            start={"kind": cls.kind, "parity": "even"},
            parts=[
                text("have a number that is"),
                choose("parity", {"even": "even", "odd": "odd"}, name="parity"),
            ],
        )

    def compile(self, context: CompileContext) -> Part:
        return Filter(sql("p.id %% 2 = {rest}", rest=int(self.parity == "odd")))

    def describe(self) -> str:
        return f"have a number that is {self.parity}"

    def depends_on(self) -> set[str]:
        return {"profile:new"}

    def found(self, context: CompileContext, profile_id: int) -> str:
        return "odd" if profile_id % 2 else "even"

    def due_at(self, now: datetime) -> datetime | None:
        return now + timedelta(days=1)
