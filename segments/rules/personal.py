"""Who may not see personal data may not ask by it either.

Each condition says which names it reads (`Condition.reads`, which a test holds against what the
compiler notes). Somebody without the right writes rules over names that are known to be harmless;
a segment of somebody else's they use as a whole: its members and its number, not its operands.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from config.workspace.permissions import roles_with
from profiles.language.reading.reader import RuleError, RuleProblem
from profiles.personal.names import Nature
from profiles.personal.tags import nature
from profiles.selectors.masking import DOTS, FieldPlace, Shown
from segments.rules import Group, walk
from segments.rules.computed import definitions, is_shown


def hidden_reads(rule: Group, shown: Shown) -> list[tuple[str, FieldPlace, str]]:
    """(path, place, name) of each name that the rule reads and that they may not see."""
    return [
        (path, place, name)
        for path, condition in walk(rule)
        for place, name in sorted(condition.touches())
        if not shown.may_ask(place, name)
    ]


def not_harmless(name: str, place: FieldPlace = FieldPlace.TRAIT) -> str:
    """Why a name may not be asked by, and who can ask instead, or change that."""
    if nature(place, name) is Nature.PERSONAL:
        able = [
            role for role in roles_with("people.personal") if role in roles_with("segments.edit")
        ]
        return _(
            "“%(field)s” is personal data, which your role does not see and cannot ask by. "
            "These roles can: %(roles)s. Their segment is yours to use as a whole."
        ) % {"field": name, "roles": ", ".join(able)}
    return _(
        "“%(field)s” is not known to be harmless, and your role does not see personal data. "
        "An admin can say that it is not personal, under Settings, Personal data."
    ) % {"field": name}


def refuse_personal(rule: Group, shown: Shown) -> None:
    """For those who may not see all that it reads. Raises RuleError."""
    problems = [
        RuleProblem(path, "personal", not_harmless(name, place))
        for path, place, name in hidden_reads(rule, shown)
    ]
    if problems:
        raise RuleError(problems)


def refuse_properties(names: Iterable[str], path: str, shown: Shown) -> None:
    """The same for properties that something else asks by, as a goal does. Raises RuleError."""
    problems = [
        RuleProblem(path, "personal", not_harmless(name, FieldPlace.PROPERTY))
        for name in sorted(set(names))
        if not shown.may_ask(FieldPlace.PROPERTY, name)
    ]
    if problems:
        raise RuleError(problems)


def is_hidden(rule: Group, shown: Shown) -> bool:
    """Whether they may use the rule only as a whole."""
    return bool(hidden_reads(rule, shown))


def masked_rule(data: Any, shown: Shown) -> Any:
    """A rule's JSON without the operands that they may not see; at most one query a request."""
    if shown.personal:
        return data
    if isinstance(data, list):
        return [masked_rule(item, shown) for item in data]
    if not isinstance(data, Mapping):
        return data
    told = {key: masked_rule(item, shown) for key, item in data.items()}
    for field, place in (("field", FieldPlace.TRAIT), ("property", FieldPlace.PROPERTY)):
        if field in data and "value" in data:
            may_see = shown.may_ask(place, str(data[field])) and _is_open(field, data, shown)
            told["value"] = _operand(data["value"], shown) if may_see else DOTS
    return told


def _is_open(field: str, data: Mapping[str, Any], shown: Shown) -> bool:
    """Of a computed trait, whether all that it is worked out of is shown."""
    known = definitions().get(str(data[field])) if field == "field" else None
    return known is None or is_shown(known, shown)


def _operand(value: Any, shown: Shown) -> Any:
    if isinstance(value, list):
        return [_operand(item, shown) for item in value]
    return shown.text(value) if isinstance(value, str) else value
