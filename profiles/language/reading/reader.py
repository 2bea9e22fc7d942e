"""Reading JSON, without the database: each problem is kept with its path, none stops it."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from config.workspace.zones import read_when
from profiles.language.reading.references import FoundNames, Lookup, Reference

LONGEST_TEXT = 1_000


@dataclass(frozen=True)
class RuleProblem:
    """What is wrong where: `path` as `conditions[2].value`, `code` a word for machines."""

    path: str
    code: str
    message: str


class RuleError(ValueError):
    """A rule that cannot be used, with all its problems."""

    def __init__(self, problems: Collection[RuleProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{each.path}: {each.message}" for each in self.problems))

    @property
    def path(self) -> str:
        """Where the first problem is."""
        return self.problems[0].path

    @property
    def reason(self) -> str:
        """What the first problem is."""
        return self.problems[0].message

    @property
    def code(self) -> str:
        """The first problem's word for machines."""
        return self.problems[0].code

    def as_list(self) -> list[dict[str, str]]:
        """The `errors` of a problem document (docs/integrators/rest.md)."""
        return [
            {"path": each.path, "code": each.code, "message": each.message}
            for each in self.problems
        ]


@dataclass
class Notes:
    """What reading one whole object came to: problems, and names that are to be looked up.

    `has_entry`: whether it stands inside a campaign, where someone enters.
    """

    has_entry: bool = False
    problems: list[RuleProblem] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)

    def look_up(self) -> FoundNames:
        """What was named, found; what is not there becomes a problem. A query for each kind."""
        found = FoundNames()
        wrong = bool(self.problems)  # then what need not be there is no matter
        kinds = dict.fromkeys(each.lookup for each in self.references)
        for kind in kinds:
            if wrong and kind.missing is None:
                continue
            keys = {each.key for each in self.references if each.lookup == kind}
            found.known[kind] = kind.find(sorted(keys))
        for each in self.references:
            if each.lookup.missing is not None and each.key not in found.known[each.lookup]:
                message = each.lookup.missing(each.key)
                self.problems.append(RuleProblem(each.path, each.lookup.code, message))
        return found


class Reader:
    """One JSON object at its path. What cannot be read becomes a problem and a blank."""

    def __init__(self, data: Mapping[str, Any], path: str = "", notes: Notes | None = None) -> None:
        self.data, self.path, self.notes = data, path, notes or Notes()

    @property
    def problems(self) -> list[RuleProblem]:
        """All problems of the whole."""
        return self.notes.problems

    def at(self, name: str) -> str:
        """The path of a field of this object."""
        return f"{self.path}.{name}" if self.path else name

    def fail(self, name: str, code: str, message: str) -> None:
        """Keep a problem of the field `name` ("" for the object itself)."""
        self.problems.append(RuleProblem(self.at(name) if name else self.path, code, message))

    def refer(self, name: str, lookup: Lookup, key: str) -> None:
        """Note that the field `name` names something that has to be there."""
        self.notes.references.append(Reference(self.at(name), lookup, key))

    def only(self, *names: str) -> None:
        """Refuse every field but these."""
        for name in self.data:
            if name not in names:
                known = ", ".join(names)
                self.fail(
                    str(name),
                    "unknown_field",
                    _("“%(name)s” is not known here; known are %(known)s.")
                    % {"name": name, "known": known},
                )

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self.data.get(name) is not None

    def text(self, name: str) -> str:
        """A text that is not empty."""
        value = self.data.get(name)
        if value is None:
            self.fail(name, "required", _("This is needed."))
        elif not isinstance(value, str):
            self.fail(name, "type", _("This must be a text."))
        elif not value.strip():
            self.fail(name, "required", _("This is needed."))
        elif problem := text_problem(value):
            self.fail(name, "text", problem)
        else:
            return value
        return ""

    def choice(self, name: str, options: Collection[str]) -> str:
        """One of `options`."""
        value = self.text(name)
        if value and value not in options:
            self.fail(
                name,
                "unknown_choice",
                _("“%(value)s” is not known; known are %(options)s.")
                % {"value": value, "options": ", ".join(options)},
            )
            return ""
        return value

    def mapping(self, name: str) -> "Reader | None":
        """The object under `name`; None when absent or not an object."""
        value = self.data.get(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self.fail(name, "type", _("This must be an object."))
            return None
        return self._inner(value, name)

    def _inner(self, value: Mapping[str, Any], name: str) -> "Reader":
        return Reader(value, self.at(name), self.notes)

    def items(self, name: str) -> "list[Reader]":
        """The objects of the list under `name`."""
        value = self.data.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.fail(name, "type", _("This must be a list."))
            return []
        readers = []
        for index, each in enumerate(value):
            place = f"{name}[{index}]"
            if isinstance(each, Mapping):
                readers.append(self._inner(each, place))
            else:
                self.fail(place, "type", _("This must be an object."))
        return readers

    def when(self, name: str) -> date | datetime | None:
        """A day or a time under `name`."""
        value = read_when(self.data.get(name))
        if value is None:
            self.fail(
                name,
                "type",
                _("This must be a date or time such as 2026-11-20 or 2026-11-20T09:00Z."),
            )
        return value


def text_problem(value: str) -> str:
    """Why the database cannot hold `value`; empty when it can."""
    if len(value) > LONGEST_TEXT:
        return _("This is longer than %(n)d characters.") % {"n": LONGEST_TEXT}
    if "\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
        return _("This holds a character that cannot be stored.")
    return ""


def is_number(value: Any) -> bool:
    """A finite JSON number; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 10**300 if isinstance(value, int) else math.isfinite(value)
