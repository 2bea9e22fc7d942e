"""Asking for a file: everything is checked at once, and nothing is made that may not be."""

from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from config.workspace import audit
from config.workspace.models import User
from config.workspace.roles.callers import KeyUser
from config.workspace.work.due import wake
from consent.models import Purpose
from profiles.language.reading.reader import RuleError, RuleProblem
from profiles.selectors.masking import shown_to
from segments.exports.columns import column_problems, usual_columns
from segments.exports.formats import has_parquet
from segments.exports.whom import channel_of, read_whom
from segments.models import Segment
from segments.models.export import PeopleExport

UNIT: Final = "exports"
HOURS, MOST_HOURS = 48, 24 * 14
MOST_WAITING: Final = 20  # files of one caller that are not made yet


@transaction.atomic
def ask_for(
    whom: Any,
    *,
    purpose: Any,
    who: Any,
    channel: Any = "",
    format_: Any = "csv",
    columns: Any = None,
    hours: Any = HOURS,
) -> PeopleExport:
    """A file that the work it wakes makes, for this member of the team or key. Raises RuleError."""
    shown = shown_to(who)
    chosen = usual_columns() if columns is None else columns
    stated = _purpose(purpose)
    problems = [] if stated else [_no_purpose(purpose)]
    problems += [*_format_problems(format_, chosen), *_hours_problems(hours)]
    problems += column_problems(chosen, shown, stated.slug if stated else "")
    try:
        read_whom(whom, shown, stated.slug if stated else "")
        way = channel_of(stated, str(channel)) if stated else ""
    except RuleError as error:
        problems += error.problems
    mine = _of(who)
    waiting = PeopleExport.objects.filter(gone_at=None, **mine).exclude(
        status__in=PeopleExport.ENDED
    )
    if waiting.count() >= MOST_WAITING:
        message = _("%(n)d files are being made for you already.") % {"n": MOST_WAITING}
        problems.append(RuleProblem("", "too_many", message))
    if problems:
        raise RuleError(problems)
    made = PeopleExport.objects.create(
        title=title_of(whom),
        whom=whom,
        format=format_,
        purpose=stated.slug,  # type: ignore[union-attr]
        channel=way,
        columns=chosen,
        hours=hours,
        **mine,
    )
    detail = {"purpose": made.purpose, "format": made.format}
    audit.record("export.asked", "export", str(made.public_id), fields=chosen, detail=detail)
    wake(UNIT)
    return made


def _of(who: Any) -> dict[str, Any]:
    if isinstance(who, KeyUser):
        return {"api_key": who.key}
    return {"created_by": who if isinstance(who, User) else None}


def _purpose(slug: Any) -> Purpose | None:
    if not isinstance(slug, str):
        return None
    return Purpose.objects.filter(slug=slug, archived_at=None).first()


def _no_purpose(slug: Any) -> RuleProblem:
    known = ", ".join(Purpose.objects.filter(archived_at=None).values_list("slug", flat=True))
    if not slug:
        message = _("Say for which purpose: one of %(known)s.") % {"known": known}
        return RuleProblem("purpose", "required", message)
    message = _("“%(purpose)s” is no purpose; known are %(known)s.")
    return RuleProblem("purpose", "unknown_purpose", message % {"purpose": slug, "known": known})


def _hours_problems(hours: Any) -> list[RuleProblem]:
    if isinstance(hours, int) and not isinstance(hours, bool) and 1 <= hours <= MOST_HOURS:
        return []
    message = _("From 1 to %(n)d hours.") % {"n": MOST_HOURS}
    return [RuleProblem("hours", "range", message)]


def _format_problems(given: Any, columns: Any) -> list[RuleProblem]:
    if given not in PeopleExport.Format.values:
        known = ", ".join(PeopleExport.Format.values)
        message = _("One of: %(known)s.") % {"known": known}
        return [RuleProblem("format", "unknown_choice", message)]
    if given != PeopleExport.Format.PARQUET:
        return []
    if not has_parquet():
        message = _("Parquet is not installed here: `make install-parquet` adds it.")
        return [RuleProblem("format", "not_installed", message)]
    if _has_twins(columns):
        message = _("Two columns differ by letter case alone, which Parquet readers cannot tell.")
        return [RuleProblem("columns", "unique", message)]
    return []


def _has_twins(columns: Any) -> bool:
    names = [str(name).lower() for name in columns] if isinstance(columns, list) else []
    return len(set(names)) < len(names)


def title_of(whom: dict[str, Any]) -> str:
    """What the file is of, in words."""
    way, said = next(iter(whom.items()))
    if way == "segment":
        found = Segment.objects.filter(slug=str(said)).first()
        return found.name if found else str(said)
    if way == "people":
        return _("Chosen people")
    return _("People found by a rule") if way == "rule" else _("People of a list")
