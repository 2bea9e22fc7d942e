"""Making the files: a portion of people at a time, so that a kill loses one portion's work."""

import logging
import time
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from config.workspace import audit
from config.workspace.models import User
from config.workspace.permissions import may
from config.workspace.roles.callers import KeyUser, is_in_force
from config.workspace.work.alone import alone
from config.workspace.work.due import LEFT, WORK, left_of
from config.workspace.work.faults import is_outage, log_failure
from config.workspace.work.pruning import PRUNERS, before
from config.workspace.work.reasons import reason_of
from config.workspace.work.waiting import WAITING
from consent.models import Purpose
from profiles.browsing.columns import FIELDS
from profiles.language.reading.reader import RuleError
from profiles.selectors.masking import Shown, shown_to
from segments.exports import files, formats
from segments.exports.asking import UNIT
from segments.exports.columns import column_problems, names_of, rows_of
from segments.exports.whom import (
    people_of,
    permitted,
    permitting,
    read_whom,
    still_permitted,
)
from segments.models.export import PeopleExport
from segments.rules.compiler import CompileContext, working

log = logging.getLogger(__name__)
SECONDS: Final = 10.0  # after which a call gives way to other work
AT_ONCE: Final = 500  # people
ATTEMPTS: Final = 3
Status = PeopleExport.Status
_UNFINISHED: Final = "status IN ('queued', 'running') AND gone_at IS NULL"

LEFT.register(UNIT, order=45)(
    left_of(f"SELECT id FROM people_export WHERE {_UNFINISHED}")  # noqa: S608 - of ours
)
WAITING.register(UNIT)(
    f"SELECT min(created_at) FROM people_export WHERE {_UNFINISHED}"  # noqa: S608
)


class NotTheirs(Exception):
    """Whoever asked may not take people out any more."""


@WORK.register(UNIT, order=45)
def make_files() -> int:
    """The oldest first, until time is up; how many portions."""
    until, portions = time.monotonic() + SECONDS, 0
    with alone(UNIT) as is_ours:
        while is_ours and time.monotonic() < until:
            waiting = PeopleExport.objects.exclude(status__in=PeopleExport.ENDED)
            export = waiting.filter(gone_at=None).order_by("id").first()
            if export is None:
                break
            _try(export)
            portions += 1
    return portions


def _try(export: PeopleExport) -> None:
    try:
        _go_on(export)
    except Exception as error:
        if is_outage(error):
            raise
        reason = str(error) if isinstance(error, NotTheirs | RuleError) else reason_of(error)
        export.failures += 1
        log_failure(log, f"export {export.public_id}", reason, export.failures)
        if isinstance(error, NotTheirs | RuleError) or export.failures >= ATTEMPTS:
            _end(export, Status.FAILED, error=reason)
            files.take_away(export, files.FAILED)
        else:
            export.save(update_fields=["failures"])


def _go_on(export: PeopleExport) -> None:
    who = _whose(export)
    shown = shown_to(who)
    if export.status == Status.QUEUED:
        _begin(export, shown, who)
        return
    ids = files.read_people(export, export.done, AT_ONCE)
    purpose = _purpose_of(export)
    rows: list[dict[str, Any]] = []
    if ids:
        few = still_permitted(ids, purpose, export.channel)
        rows = rows_of(few, export.columns, shown, export.purpose)
    with transaction.atomic():
        if not files.hold(export):
            return  # taken away meanwhile: nothing is written any more
        if not ids:
            whole = files.whole_of(export)
            formats.finish(export.format, export.columns, files.part_of(export), whole)
            export.size = whole.stat().st_size
            _end(export, Status.DONE)
            return
        export.at_bytes = files.append(
            export, formats.lines_of(export.format, export.columns, rows)
        )
        export.done, export.rows = export.done + len(ids), export.rows + len(rows)
        export.save(update_fields=["at_bytes", "done", "rows"])


def _purpose_of(export: PeopleExport) -> Purpose:
    found = Purpose.objects.filter(slug=export.purpose).first()
    if found is None:
        raise NotTheirs(_("The purpose is gone."))
    return found


def _begin(export: PeopleExport, shown: Shown, who: Any) -> None:
    """Whom it is of, fixed and in the trail before the first line is written.

    The question goes then: it may name somebody.
    """
    purpose = _purpose_of(export)
    if problems := column_problems(export.columns, shown, export.purpose):
        raise RuleError(problems)
    read_whom(export.whom, shown, export.purpose)
    with working(CompileContext(as_of=timezone.now())):
        asked = people_of(export.whom, shown, who)
        export.found = asked.count()
        allowed = permitting(names_of(export.columns), permitted(asked, purpose, export.channel))
        ids = list(allowed.order_by("pk").values_list("pk", flat=True).iterator())
    with transaction.atomic(), audit.acting(_actor_of(who)):
        if not files.hold(export):
            return
        export.total = files.write_people(export, ids)
        export.at_bytes, export.done, export.rows = 0, 0, 0
        export.at_bytes = files.append(export, formats.head_of(export.format, export.columns))
        audit.record(
            "profile.exported",
            "profile",
            fields=[*shown.looked_at(*FIELDS)],
            detail={"found": export.total, "purpose": export.purpose},
            people=ids,
        )
        export.status, export.whom = Status.RUNNING, {}
        export.save(update_fields=["found", "total", "at_bytes", "done", "rows", "status", "whom"])


def _whose(export: PeopleExport) -> Any:
    """The member of the team or the key that asked, as they are now. Raises NotTheirs."""
    user, key = export.created_by, export.api_key
    if isinstance(user, User) and user.is_active and may(user, "people.export"):
        return user
    if key is not None and is_in_force(key) and may(KeyUser(key), "people.export"):
        return KeyUser(key)
    raise NotTheirs(_("Whoever asked may not take people out any more."))


def _actor_of(who: Any) -> audit.Actor:
    return audit.actor_of_key(who.key) if isinstance(who, KeyUser) else audit.actor_of_user(who)


def _end(export: PeopleExport, status: str, *, error: str = "") -> None:
    now = timezone.now()
    PeopleExport.objects.filter(pk=export.pk).update(
        status=status,
        error=error,
        failures=export.failures,
        size=export.size,
        finished_at=now,
        expires_at=now + timedelta(hours=export.hours),
    )


@PRUNERS.register(UNIT)
def prune(now: datetime) -> int:
    """Files whose link has ended, and rows of long ago."""
    over = list(PeopleExport.objects.filter(gone_at=None, expires_at__lte=now)[:AT_ONCE])
    for export in over:
        files.take_away(export, files.EXPIRED)
    files.sweep()
    old = before(now, "JOB_DAYS")
    rows = PeopleExport.objects.filter(gone_at__isnull=False, created_at__lt=old or now)
    return len(over) + (rows.delete()[0] if old else 0)
