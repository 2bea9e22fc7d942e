"""From the JSON of rules to their conditions: read, what is wrong with its path, looked up."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from profiles.language.reading.reader import Notes, Reader, RuleError, RuleProblem, text_problem
from segments.rules.base import KINDS, MATCHES, Condition, Group
from segments.rules.size import DEEPEST, refuse_oversize


def parse_rule(data: Any, *, has_entry: bool = False) -> Group:
    """The rule, checked. `has_entry`: inside a campaign, where someone enters. Raises RuleError.

    One query for each kind of thing that it names, however often.
    """
    return parse_rules([data], has_entry=has_entry)[0]


def parse_rules(rules: Iterable[Any], *, has_entry: bool = False) -> list[Group]:
    """Several rules, checked: what they name is looked up once for all. Raises RuleError."""
    read = [read_rule(data, has_entry=has_entry) for data in rules]
    together = Notes(has_entry=has_entry)
    for _rule, notes in read:
        together.problems += notes.problems
        together.references += notes.references
    found = together.look_up()
    if together.problems:
        raise RuleError(together.problems)
    return [rule.named(found) for rule, _notes in read]


def read_rule(data: Any, *, has_entry: bool = False) -> tuple[Group, Notes]:
    """The rule as it is written, and what is to be said of it; asks no database.

    Raises RuleError for what is too large or no object.
    """
    if not isinstance(data, Mapping):
        message = _("A rule is an object with “match” and “conditions”.")
        raise RuleError([RuleProblem("", "type", message)])
    refuse_oversize(data)
    notes = Notes(has_entry=has_entry)
    return _read_group(Reader(data, "", notes), 1), notes


def references_in(rule: Any, depth: int = 0) -> set[tuple[str, str]]:
    """What a rule names, also one that cannot be read any more; asks no database."""
    if not isinstance(rule, Mapping) or depth > DEEPEST:
        return set()
    found: set[tuple[str, str]] = set()
    kind = KINDS.get(str(rule.get("kind", "")))
    if kind is not None:
        found |= {(of, key) for of, key in kind.refers_to(rule) if not text_problem(key)}
    parts = rule.get("conditions")
    for part in parts if isinstance(parts, list) else ():
        found |= references_in(part, depth + 1)
    return found


def _read_group(reader: Reader, depth: int) -> Group:
    reader.only("match", "conditions")
    match = reader.choice("match", MATCHES)
    if "conditions" not in reader.data:
        reader.fail("conditions", "required", _("This is needed."))
    if depth > DEEPEST:
        message = _("Groups are nested more than %(n)d deep.") % {"n": DEEPEST}
        reader.fail("conditions", "range", message)
        return Group("all", ())
    parts = tuple(
        _read_group(item, depth + 1) if "match" in item.data else _read_condition(item)
        for item in reader.items("conditions")
    )
    return Group(match, tuple(part for part in parts if part is not None))


def _read_condition(reader: Reader) -> Condition | None:
    name = reader.text("kind")
    if not name:
        return None
    condition = KINDS.get(name)
    if condition is None:
        message = _("“%(kind)s” is no kind of condition; known are %(known)s.")
        reader.fail("kind", "unknown_kind", message % {"kind": name, "known": ", ".join(KINDS)})
        return None
    before = len(reader.problems)
    found = condition.parse(reader)
    return found if len(reader.problems) == before else None
