"""The rule language: groups, and a registry of the kinds of condition."""

from profiles.language.reading.reader import Reader, RuleError, RuleProblem
from segments.rules.base import (
    KINDS,
    SEGMENT,
    Condition,
    Group,
    Rule,
    compiled,
    register,
    used_slugs,
    walk,
)
from segments.rules.parsing import parse_rule, parse_rules, read_rule, references_in

__all__ = [
    "KINDS",
    "SEGMENT",
    "Condition",
    "Group",
    "Reader",
    "Rule",
    "RuleError",
    "RuleProblem",
    "compiled",
    "parse_rule",
    "parse_rules",
    "read_rule",
    "references_in",
    "register",
    "used_slugs",
    "walk",
]
