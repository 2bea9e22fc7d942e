"""Special-category and child data: read of those alone who permitted it, for one purpose.

A tag says what is guarded and for which purpose it may be read (`profiles.personal.tags.guarded`).
A condition that reads such a name counts only people whose own, explicit permission for that
purpose stands at the moment of the question; where no purpose is named it counts nobody, and a new
rule is refused. Source: GDPR, articles 8 and 9(2)(a).
"""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from config.postgres.sql import FALSE, every, sql
from consent.ledger.standing import WHOLE, standing
from consent.models import Purpose
from consent.suppression.withdrawing import EVERY_CHANNEL
from profiles.language.reading.reader import RuleError, RuleProblem
from profiles.language.words import joined
from profiles.models import Sensitivity
from profiles.personal.names import FieldPlace
from profiles.personal.tags import SaidOfField, guarded, guarded_below
from segments.rules.algebra import Filter, Ids, Part

if TYPE_CHECKING:
    from segments.rules.context import CompileContext

Name = tuple[FieldPlace, str]


def guards(names: Iterable[Name]) -> list[tuple[str, SaidOfField]]:
    """Those of the names that are guarded, or that something guarded lies in; with the tag."""
    found = []
    for place, name in sorted(names):
        own = guarded(place, name)
        found += [(name, said) for said in ([own] if own else guarded_below(place, name))]
    return found


def permits(names: Iterable[Name], context: "CompileContext") -> list[Part]:
    """Of whom these names may be read: a part for each purpose; none where nothing is guarded."""
    return [_permit(slug, context) for slug in sorted({said.purpose for _n, said in guards(names)})]


def _permit(slug: str, context: "CompileContext") -> Part:
    if not slug:
        return Filter(FALSE)
    rows = standing(
        as_of=None if context.is_now else context.moment,
        purpose=sql("(SELECT id FROM purpose WHERE slug = {slug})", slug=slug),
        channel=EVERY_CHANNEL,
        topics=WHOLE,
        narrow=lambda column: every(context.narrowing(column)),
    )
    explicit = "SELECT c.profile_id FROM ({rows}) c WHERE c.status = 'granted' AND c.basis = {own}"
    return Ids(sql(explicit, rows=rows, own="consent"))


def who_permitted(names: Iterable[Name]) -> str:
    """Behind the words of a condition that reads these; "" where nothing is guarded."""
    slugs = {said.purpose for _name, said in guards(names)}
    if not slugs:
        return ""
    if "" in slugs:
        return _("read of nobody")
    return _("only of those who permitted %(purpose)s") % {"purpose": _purposes(slugs)}


def guard_sentence(names: Iterable[Name]) -> str:
    """Beside such a clause, as a sentence; "" where nothing is guarded. A query then."""
    found = [said for _name, said in guards(names)]
    if not found:
        return ""
    values = {
        "kind": joined(sorted({_kind(said) for said in found}), _("and")),
        "purpose": _purposes({said.purpose for said in found}),
    }
    if not all(said.purpose for said in found):
        return _("Reads %(kind)s data, which nobody can permit yet: it finds nobody.") % values
    return _("Reads %(kind)s data: only those who permitted %(purpose)s are counted.") % values


def _purposes(slugs: Collection[str]) -> str:
    names = dict(Purpose.objects.filter(slug__in=slugs).values_list("slug", "name"))
    return joined([f"“{names.get(slug, slug)}”" for slug in sorted(slugs)], _("and"))


def _refusal(name: str, said: SaidOfField) -> str:
    return _(
        "“%(field)s” is %(kind)s data, which is read for no purpose. A privacy officer can name the"
        " purpose that people permit it for, under Privacy, Data map."
    ) % {"field": name, "kind": _kind(said)}


def _kind(said: SaidOfField) -> str:
    return _("child") if said.sensitivity == Sensitivity.CHILD else _("special-category")


def refuse_guarded(conditions: Iterable[tuple[str, Iterable[Name]]]) -> None:
    """For everybody: what nobody may be asked by. `conditions` by path. Raises RuleError."""
    problems = [
        RuleProblem(path, "guarded", _refusal(name, said))
        for path, names in conditions
        for name, said in guards(names)
        if not said.purpose
    ]
    if problems:
        raise RuleError(problems)
