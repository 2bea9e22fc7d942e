"""The step `split`: each takes the first branch whose rule holds for them, in order, or `else`.

A rule is one of segments, compiled by their compiler for the people at the step, with
`since_entry` for what happened since each of them entered.
"""

from typing import Any, Final

from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from campaigns.composition.field_errors import Errors, as_faults, fault
from campaigns.engine.steps.base import Card, StepBatch, StepKind, step_kind
from campaigns.faults import CannotGoOn
from campaigns.plan import Step
from campaigns.standing_words import NO_RULE
from config.postgres.sql import Sql, sql
from profiles.language.reading.reader import RuleError, RuleProblem
from segments.rules import Group, parse_rule, read_rule
from segments.rules.compiler import CompileContext, members_of

ELSE: Final = "else"
MAX_NAME = 60
MOST_BRANCHES = 10

# who is in twice (by keys of their own) counts from where they entered first
_ENTERED = """
SELECT e.profile_id, min(e.entered_at) AS entered_at
FROM {pairs} b JOIN enrolment e ON e.profile_id = b.profile_id AND e.id = b.enrolment_id
GROUP BY 1
"""
_WAYS = """
SELECT g.profile_id, g.enrolment_id, g.decided, g.to_step, {now}::timestamptz AS at
FROM unnest({profiles}::bigint[], {enrolments}::bigint[], {decided}::text[], {to}::text[])
     AS g(profile_id, enrolment_id, decided, to_step)
"""


@step_kind
class SplitStep(StepKind):
    """First match in order; nobody is waited for."""

    kind = "split"

    def faults(self, step: Step, path: str) -> Errors:
        """Branches with names of their own and rules that can be read."""
        branches = step.get("branches")
        if not isinstance(branches, list) or not 0 < len(branches) <= MOST_BRANCHES:
            yield fault(f"{path}.branches", _("A list of one to ten branches."), "type")
            return
        names: set[str] = {ELSE}
        for index, branch in enumerate(branches):
            at = f"{path}.branches[{index}]"
            if not isinstance(branch, dict):
                yield fault(at, _("An object with name, when and steps."), "type")
                continue
            name = branch.get("name")
            if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME or name in names:
                yield fault(f"{at}.name", _("A name of its own."))
            else:
                names.add(name)
            for field in set(branch) - {"name", "when", "steps"}:
                yield fault(f"{at}.{field}", _("Unknown."), "unknown")
            yield from _rule_faults(branch.get("when"), f"{at}.when")

    def run(self, cursor: CursorWrapper, batch: StepBatch) -> Sql:
        """A query for each branch, about whoever is left."""
        found: dict[int, str] = {}
        entered = sql(_ENTERED, pairs=batch.pairs)
        for branch in batch.node.step["branches"]:
            left = sorted(set(batch.profiles) - found.keys())
            if not left:
                break
            context = CompileContext(as_of=batch.now, profile_ids=left, entered=entered)
            inside = members_of(_parsed(branch["when"]), context)
            found |= dict.fromkeys(inside, branch["name"])
        ways = dict(batch.node.ways)
        decided = [found.get(person, ELSE) for person in batch.profiles]
        return sql(
            _WAYS,
            profiles=list(batch.profiles),
            enrolments=list(batch.enrolments),
            decided=decided,
            to=[ways[name] for name in decided],
            now=batch.now,
        )

    def rules(self, step: Step) -> list[Any]:
        """Those of its branches."""
        branches = step.get("branches")
        given = branches if isinstance(branches, list) else []
        return [branch.get("when") for branch in given if isinstance(branch, dict)]

    def describe(self, step: Step) -> str:
        """How many ways there are."""
        return _("Split by what is true of each person")

    def card(self, step: Step) -> Card:
        """With the rule of each way."""
        asks: dict[str, Group] = {}
        for branch in step["branches"]:
            try:
                asks[branch["name"]] = parse_rule(branch["when"], has_entry=True)
            except RuleError:
                continue  # what it names is gone: the checks say so
        text = _("The first that holds, in this order.") if len(asks) > 1 else ""
        return Card("split", self.describe(step), text, asks)


def _parsed(rule: Any) -> Group:
    """Raises CannotGoOn where something that it names is gone."""
    try:
        return parse_rule(rule, has_entry=True)
    except RuleError as error:
        raise CannotGoOn(NO_RULE) from error


def _rule_faults(rule: Any, path: str) -> Errors:
    try:
        _group, notes = read_rule(rule, has_entry=True)
        notes.look_up()
    except RuleError as error:
        yield from as_faults(_placed(error.problems, path))
    else:
        yield from as_faults(_placed(notes.problems, path))


def _placed(problems: Any, path: str) -> list[RuleProblem]:
    return [
        RuleProblem(f"{path}.{each.path}" if each.path else path, each.code, each.message)
        for each in problems
    ]
