"""From the columns of a file to a message.

A mapping is `{"type": "track", "event": NAME, "columns": {"Total": "properties.total"}}`.

A target is a field of a message (`userId`, `timestamp`, `traits.email`, `properties.total`,
`context.ip`) or `identifiers.KIND` for an identifier of that kind; an object names a type too:
`{"to": "traits.postcode", "type": "text"}` (text, number, boolean, json, auto). The type of an auto
column of a CSV file follows from all of its cells (`sheets`); JSON has types of its own.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from profiles.calls import reasons

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,12})?")
# names whose digits are no quantity: 0812 is a number to call, 01234 a place
TEXT_NAMES = re.compile(
    r"phone|mobile|email|mail|zip|post|code|sku|(^|_|\.)ids?$|Id$|number$|name", re.IGNORECASE
)
FIELDS = {
    "type": "type",
    "event": "event",
    "userid": "userId",
    "anonymousid": "anonymousId",
    "messageid": "messageId",
    "groupid": "groupId",
    "previousid": "previousId",
    "timestamp": "timestamp",
    "originaltimestamp": "originalTimestamp",
    "sentat": "sentAt",
    "name": "name",
    "category": "category",
}
OBJECTS = ("properties", "traits", "context", "integrations")
BOOLEANS = {"true": True, "false": False}
TYPES = ("auto", "text", "number", "boolean", "json")
GUARDED = re.compile(r"'+[=+\-@\t\r]")  # a cell that our export has neutralised


class BadMapping(ValueError):
    """The mapping cannot be used; the message says where."""


class RowMapping:
    """How a row becomes a message."""

    def __init__(
        self, columns: Mapping[str, tuple[str, str]], constants: Mapping[str, str]
    ) -> None:
        self.columns, self.constants = columns, constants

    def cleaned(self, clean: Callable[[str], str]) -> "RowMapping":
        """The same for headers that are `clean`."""
        columns: dict[str, tuple[str, str]] = {}
        for name, target in self.columns.items():
            if columns.setdefault(clean(name), target) != target:
                raise BadMapping(f"columns.{name}: another column is called like this")
        return RowMapping(columns, self.constants)

    def typed(self, types: Mapping[str, str]) -> "RowMapping":
        """The same with these types for columns that have none; text for the rest."""
        columns = {
            name: (target, types.get(name, "text") if kind == "auto" else kind)
            for name, (target, kind) in self.columns.items()
        }
        return RowMapping(columns, self.constants)

    def message(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The message of this row. Raises ValueError where a cell is not of the type asked for."""
        made: dict[str, Any] = dict(self.constants)
        for column, (target, kind) in self.columns.items():
            cell = row.get(column)
            if cell is not None and not (isinstance(cell, str) and not cell.strip()):
                _put(made, target, _typed(cell, target, kind, column))
        made.setdefault("type", "track" if made.get("event") else "identify")
        return made


def read_mapping(data: Any) -> RowMapping:
    """A mapping as given. Raises BadMapping."""
    if not isinstance(data, dict) or not isinstance(data.get("columns"), dict):
        raise BadMapping('a mapping is {"type": ..., "event": ..., "columns": {column: field}}')
    constants = {}
    for name in ("type", "event"):
        if name in data:
            if not isinstance(data[name], str):
                raise BadMapping(f"{name} is a text")
            constants[name] = data[name]
    columns = {str(name): _target(name, given) for name, given in data["columns"].items()}
    return RowMapping(columns, constants)


def guess_mapping(header: Sequence[str]) -> RowMapping:
    """Where none is given: columns named as fields of a message are these, others are facts.

    Facts are properties where an event is named, traits otherwise.
    """
    lowered = {_plain(name) for name in header}
    facts = "properties" if "event" in lowered else "traits"
    columns = {}
    for name in header:
        first = name.partition(".")[0]
        plain = _plain(name)
        known = FIELDS.get(plain) if plain not in ("name", "category") else None
        if first in (*OBJECTS, "identifiers") and "." in name:
            columns[name] = (name, "auto")
        elif known:
            columns[name] = (known, "auto")
        elif plain in ("email", "phone"):
            columns[name] = (f"traits.{plain}", "text")
        elif name.strip():
            columns[name] = (f"{facts}.{name.strip()}", "auto")
    return RowMapping(columns, {})


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name.lower())


def _target(column: str, given: Any) -> tuple[str, str]:
    target, kind = (
        (given.get("to"), given.get("type", "auto")) if isinstance(given, dict) else (given, "auto")
    )
    if not isinstance(target, str) or not target.strip():
        raise BadMapping(f"columns.{column}: name a field, as traits.email")
    if kind not in TYPES:
        raise BadMapping(f"columns.{column}: type is one of {', '.join(TYPES)}")
    first, _, rest = target.partition(".")
    if first in (*OBJECTS, "identifiers"):
        if not rest:
            raise BadMapping(f"columns.{column}: {first} needs a name, as {first}.plan")
        return target, kind
    known = FIELDS.get(_plain(target))
    if known is None:
        raise BadMapping(f"columns.{column}: {target!r} is no field of a message")
    return known, kind


def _put(made: dict[str, Any], target: str, value: Any) -> None:
    first, _, rest = target.partition(".")
    if first == "identifiers":
        context = made.setdefault("context", {})
        entry = {"id": str(value), "type": rest, "collection": "users", "encoding": "none"}
        context.setdefault("externalIds", []).append(entry)
        return
    *path, last = target.split(".")
    inner = made
    for name in path:
        found = inner.setdefault(name, {})
        if not isinstance(found, dict):
            raise ValueError(reasons.VALUE_ALREADY % {"name": target})
        inner = found
    inner[last] = value


def may_repeat(target: str) -> bool:
    """Whether several columns may fill this: a person has many identifiers of a kind."""
    return target.startswith("identifiers.")


def is_code(target: str) -> bool:
    """Whether digits are no quantity here: ids, a post code, all outside traits and properties."""
    return "." not in target or may_repeat(target) or bool(TEXT_NAMES.search(_rest(target)))


def _rest(target: str) -> str:
    return target.partition(".")[2]


def looks_like(cell: str) -> str:
    """What a cell that is not blank could be: boolean, number, json or text."""
    text = cell.strip()
    if text.lower() in BOOLEANS:
        return "boolean"
    if NUMBER.fullmatch(text):
        return "number"
    if text[:1] in ("[", "{"):
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return "text"
        return "json"
    return "text"


def _typed(cell: Any, target: str, kind: str, column: str) -> Any:
    if not isinstance(cell, str):
        return cell
    if GUARDED.match(cell):
        cell = cell[1:]
    if kind in ("text", "auto") or "." not in target or may_repeat(target):
        return cell
    try:
        return _convert(cell.strip(), kind)
    except (ValueError, KeyError, RecursionError):
        words = reasons.NOT_OF_KIND % {"name": column, "value": repr(cell[:60]), "kind": kind}
        raise ValueError(words) from None


def _convert(text: str, kind: str) -> Any:
    if kind == "number":
        return float(text) if "." in text or "e" in text.lower() else int(text)
    return BOOLEANS[text.lower()] if kind == "boolean" else json.loads(text)
