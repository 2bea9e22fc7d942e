"""Which columns a file may have, and what they hold of a portion of people."""

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from config.postgres.wire import is_storable
from profiles.browsing.columns import COLUMNS, TEXT, values_of
from profiles.language.reading.reader import RuleProblem
from profiles.models import Profile
from profiles.personal.names import FieldPlace
from profiles.selectors.masking import Shown
from segments.exports.guarding import purposes_of_segment
from segments.insight.computed.reading import computed_of
from segments.models import Membership, Segment
from segments.rules.computed import definitions, touched_by
from segments.rules.guarded import guards
from segments.rules.personal import not_harmless

TRAITS, COMPUTED, SEGMENTS = "traits.", "computed.", "segments"
MOST: Final = 100


def usual_columns() -> list[str]:
    """Where nobody chooses."""
    return list(COLUMNS)


def column_problems(chosen: Any, shown: Shown, purpose: str) -> list[RuleProblem]:
    """What is wrong with a list of columns, for a file for `purpose`; two queries at most."""
    if not isinstance(chosen, list) or not chosen:
        message = _("Name at least one column.")
        return [RuleProblem("columns", "required", message)]
    if len(chosen) > MOST:
        message = _("There are at most %(n)d columns.") % {"n": MOST}
        return [RuleProblem("columns", "range", message)]
    computed = definitions()
    problems = []
    for index, name in enumerate(chosen):
        path = f"columns[{index}]"
        found = _problem(name, computed, shown, purpose)
        if found is not None:
            problems.append(RuleProblem(path, *found))
    if len({str(name) for name in chosen}) < len(chosen):
        problems.append(RuleProblem("columns", "unique", _("A column is named twice.")))
    return problems


def _problem(name: Any, computed: Any, shown: Shown, purpose: str) -> tuple[str, str] | None:
    if not isinstance(name, str) or not is_storable(name):
        return "type", _("This must be a text.")
    if name in COLUMNS or name == SEGMENTS:
        return None
    kind, _dot, trait = name.partition(".")
    if not trait or f"{kind}." not in (TRAITS, COMPUTED):
        known = ", ".join([*COLUMNS, SEGMENTS, f"{TRAITS}NAME", f"{COMPUTED}NAME"])
        message = _("“%(name)s” is not known; known are %(known)s.")
        return "unknown_field", message % {"name": name, "known": known}
    if f"{kind}." == TRAITS:
        return _refusal({(FieldPlace.TRAIT, trait)}, shown, purpose)
    if trait not in computed:
        return "unknown_field", _("There is no computed trait “%(name)s”.") % {"name": trait}
    return _refusal(touched_by(computed[trait], trait), shown, purpose)


def _refusal(
    names: set[tuple[FieldPlace, str]], shown: Shown, purpose: str
) -> tuple[str, str] | None:
    """Of what is guarded: it is permitted for one purpose."""
    for place, of in sorted(names):
        if not shown.may_ask(place, of):
            return "personal", not_harmless(of, place)
    for of, said in guards(names):
        if said.purpose != purpose:
            return "guarded", _(
                "“%(field)s” is data that the law guards besides: it is taken out for the one"
                " purpose alone that people permit it for."
            ) % {"field": of}
    return None


def names_of(chosen: Sequence[str]) -> set[tuple[FieldPlace, str]]:
    """What the columns hold, as rules name it; one query."""
    known, found = definitions(), set()
    for name in chosen:
        if name.startswith(TRAITS):
            found.add((FieldPlace.TRAIT, name.removeprefix(TRAITS)))
        elif name.startswith(COMPUTED) and (of := name.removeprefix(COMPUTED)) in known:
            found |= touched_by(known[of], of)
    return found


def type_of(column: str) -> str:
    """What its values are; of traits any."""
    return COLUMNS.get(column, TEXT)


def rows_of(
    people: QuerySet[Profile], chosen: Sequence[str], shown: Shown, purpose: str
) -> list[dict[str, Any]]:
    """The chosen columns of a portion of people, in the order of their ids; some ten queries."""
    traits = [name.removeprefix(TRAITS) for name in chosen if name.startswith(TRAITS)]
    ordered = people.order_by("pk")
    found = list(ordered if traits else ordered.defer("traits"))
    values = values_of(found, shown, traits)
    computed = [name.removeprefix(COMPUTED) for name in chosen if name.startswith(COMPUTED)]
    if computed:
        for pk, own in computed_of(list(values), names=computed, shown=shown).items():
            values[pk] |= {f"{COMPUTED}{name}": value for name, value in own.items()}
    if SEGMENTS in chosen:
        for pk, slugs in _segments(list(values), purpose).items():
            values[pk][SEGMENTS] = " ".join(slugs) or None
    return [{name: values[pk].get(name) for name in chosen} for pk in sorted(values)]


def _segments(ids: Sequence[int], purpose: str) -> dict[int, list[str]]:
    """Without those by guarded data that is read for another purpose."""
    live = Segment.objects.filter(archived_at=None)
    said = [one.pk for one in live if not purposes_of_segment(one) - {purpose}]
    found: dict[int, list[str]] = {pk: [] for pk in ids}
    rows = Membership.objects.filter(
        profile_id__in=ids, left_at=None, segment_id__in=said
    ).order_by("segment__slug")
    for pk, slug in rows.values_list("profile_id", "segment__slug"):
        found[pk].append(slug)
    return found
