"""The operators of design.md section 5: one class each, in the order in which they are offered."""

from profiles.language.operators import equality, order, texts, presence, times  # noqa: F401, I001
from profiles.language.operators.base import (
    JSON,
    NUMBER,
    OPERATORS,
    TEXT,
    TIME,
    Operator,
    shown,
)

__all__ = ["JSON", "NUMBER", "OPERATORS", "TEXT", "TIME", "Operator", "operators_of", "shown"]


def operators_of(type_: str) -> list[str]:
    """The names of those that a subject of the type can be asked by."""
    return [name for name, each in OPERATORS.items() if type_ in each.types]
