"""Why somebody is in a segment, or is not: the same compiled query, narrowed to one person."""

from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext as _

from config.console.words import day_words
from config.postgres.sql import COMMA, one, sql
from profiles.models import Profile
from profiles.selectors.masking import EVERYTHING, Shown
from segments.builder.preview import SECONDS
from segments.models import Membership, Segment
from segments.rules import Condition, Group, compiled, parse_rule, walk
from segments.rules.algebra import people
from segments.rules.base import in_words
from segments.rules.compiler import CompileContext, working


@dataclass(frozen=True)
class ExplainedClause:
    """One condition, whether it holds for the person, and what was found."""

    path: str
    sentence: str
    holds: bool
    found: str


@dataclass(frozen=True)
class Explanation:
    """Whether the person is in, and why; `hidden` clauses are left out for this reader.

    `note` is what keeps somebody out whatever the clauses say, or "".
    """

    member: bool
    sentence: str
    clauses: list[ExplainedClause] = field(default_factory=list)
    hidden: int = 0
    note: str = ""


def explain_membership(
    segment: Segment, profile: Profile, *, shown: Shown = EVERYTHING
) -> Explanation:
    """In words, clause by clause; a list has no clauses."""
    if segment.kind == Segment.Kind.STATIC:
        return _explain_list(segment, profile)
    return explain_rule(parse_rule(segment.rule), profile, shown=shown)


def explain_rule(rule: Group, profile: Profile, *, shown: Shown = EVERYTHING) -> Explanation:
    """For a rule that need not be saved. Two queries and one for each condition.

    A clause that reads what they may not see is left out whole: that it holds would tell what it
    asks.
    """
    context = CompileContext(as_of=timezone.now(), profile_ids=[profile.pk])
    conditions = list(walk(rule))
    with working(context, seconds=SECONDS):
        parts: list[Group | Condition] = [rule, *(each for _path, each in conditions)]
        asked = [people(compiled(part, context), [profile.pk]) for part in parts]
        exist = COMMA.joined(sql("EXISTS ({q})", q=q) for q in asked)
        answers = one(context.statement(sql("SELECT {exist}", exist=exist)))
        clauses = [
            _clause(path, each, bool(holds), each.found(context, profile.pk), shown)
            for (path, each), holds in zip(conditions, answers[1:], strict=True)
            if _is_open(each, shown)
        ]
    sentence = rule.masked(shown).describe()
    note = ""
    if profile.state == Profile.State.RESTRICTED:
        note = _("Their data is restricted: it is kept, and no rule reads it.")
    return Explanation(bool(answers[0]), sentence, clauses, len(conditions) - len(clauses), note)


def _is_open(each: Condition, shown: Shown) -> bool:
    return all(shown.may_ask(place, name) for place, name in each.touches())


def _clause(path: str, each: Condition, holds: bool, found: str, shown: Shown) -> ExplainedClause:
    if shown.personal:
        return ExplainedClause(path, in_words(each), holds, found)
    return ExplainedClause(path, in_words(each.masked(shown)), holds, shown.text(found))


def _explain_list(segment: Segment, profile: Profile) -> Explanation:
    row = Membership.objects.filter(segment=segment, profile=profile, left_at=None).first()
    if row is None:
        return Explanation(False, _("Not on this list."))
    day = day_words(row.entered_at)
    return Explanation(True, _("On this list since %(day)s.") % {"day": day})
