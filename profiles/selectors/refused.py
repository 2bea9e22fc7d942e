"""A refused call as its sender would read it: line by line, the wrong one marked."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from profiles.calls import reasons
from profiles.models import Rejection
from profiles.selectors.masking import Shown

AROUND = 14
MOST_RAW = 2_000
LONG_LINE = 300
BATCH = re.compile(r"^batch\[\d+\]\.?")


@dataclass(frozen=True)
class CallLine:
    """One line of the call; `path` where this line is what is wrong."""

    text: str
    path: str = ""


@dataclass(frozen=True)
class RefusedCall:
    """Why, in the reader's language, and the lines; `cut` when some are left out.

    `raw` is for whoever mends the sender: in the words that the sender was answered with.
    """

    name: str
    errors: list[dict[str, str]]
    lines: list[CallLine]
    cut: bool
    raw: str


def explain(rejection: Rejection, shown: Shown) -> RefusedCall:
    """The call for this reader. No query."""
    errors = [shown.fault(error) for error in rejection.errors if isinstance(error, dict)]
    paths = [BATCH.sub("", str(error.get("path", ""))) for error in errors]
    said = [error | {"message": reasons.in_words(error.get("message", ""))} for error in errors]
    try:
        body = json.loads(rejection.body)
    except (ValueError, RecursionError):
        raw = rejection.body[:MOST_RAW] if shown.personal else ""
        return RefusedCall(
            "", said, [CallLine(line[:LONG_LINE]) for line in raw.splitlines()], False, raw
        )
    body = shown.call(body)
    lines = [
        CallLine(text[:LONG_LINE], path if path in paths else "") for text, path in written(body)
    ]
    kept = _around(lines)
    raw = json.dumps({"errors": errors, "call": body}, indent=2, ensure_ascii=False)
    name = str(body.get("event") or "") if isinstance(body, dict) else ""
    return RefusedCall(name, said, kept, len(kept) < len(lines), raw)


def _around(lines: list[CallLine]) -> list[CallLine]:
    """The lines near the first wrong one; the beginning where none is marked."""
    marked = next((n for n, line in enumerate(lines) if line.path), 0)
    start = max(0, marked - AROUND)
    return lines[start : start + 2 * AROUND]


def written(
    value: Any, path: str = "", indent: int = 0, key: str = "", end: str = ""
) -> Iterator[tuple[str, str]]:
    """`value` as indented JSON: each line with its path, as `properties.products[0].price`."""
    pad, label = "  " * indent, f"{json.dumps(key, ensure_ascii=False)}: " if key else ""
    if isinstance(value, dict) and value:
        yield f"{pad}{label}{{", path
        items = list(value.items())
        for number, (name, item) in enumerate(items, 1):
            comma = "," if number < len(items) else ""
            yield from written(item, f"{path}.{name}".strip("."), indent + 1, name, comma)
        yield f"{pad}}}{end}", ""
    elif isinstance(value, list) and value:
        yield f"{pad}{label}[", path
        for number, item in enumerate(value, 1):
            comma = "," if number < len(value) else ""
            yield from written(item, f"{path}[{number - 1}]", indent + 1, "", comma)
        yield f"{pad}]{end}", ""
    else:
        yield f"{pad}{label}{json.dumps(value, ensure_ascii=False)}{end}", path
