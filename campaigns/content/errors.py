"""What can be wrong with content, and where."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]


class ContentError(Exception):
    """A template that cannot be used. `line` and `column` count from 1; None where unknown.

    `part` is what they are of, where that is known: subject, source (HTML or MJML) or text. `piece`
    is the Liquid itself, where its place in what was written is not known.
    """

    def __init__(
        self,
        message: str,
        line: int | None = None,
        column: int | None = None,
        part: str = "",
        piece: str = "",
    ) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column
        self.part, self.piece = part, piece

    def __str__(self) -> str:
        if self.piece:
            return f"{self.message} (at {self.piece})"
        return f"{self.message} (line {self.line})" if self.line else self.message


class Abort(Exception):
    """The template itself decided: do not send this to this person. Not an error."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ContentProblem:
    """A finding about a template. An error makes it unusable; a warning only wants to be seen."""

    message: str
    line: int | None = None
    column: int | None = None
    severity: Severity = "warning"

    def to_dict(self) -> dict[str, Any]:
        """The shape that the API and the store use."""
        return asdict(self)


def position(source: str, offset: int) -> tuple[int, int]:
    """Line and column of `offset`, both from 1. Only LF ends a line, as in editors."""
    return source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset)
