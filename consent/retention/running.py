"""Runs: what is due is begun, and carried on with in portions, each a transaction of its own.

A portion and where it got to are committed together, so that a run that is killed anywhere goes on
where it was, and counts each row once. One process at a time.
"""

import logging
import time
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from config.workspace import audit
from config.workspace.work.alone import alone
from config.workspace.work.faults import is_outage, is_passing
from config.workspace.work.reasons import reason_of
from consent.models import RetentionRule, RetentionRun
from consent.retention import totals
from consent.retention.classes import ANONYMISE, RetentionTerms, TakenPortion
from consent.retention.holds import held_people
from consent.retention.keeping import (
    WORK,
    class_of,
    count,
    next_night,
    terms_of,
    with_own_rules,
)

log = logging.getLogger("rapport.privacy")
SECONDS: Final = 5.0  # of one run of the work; the next goes on
RUNNING: Final = RetentionRun.State.RUNNING
OLDEST_DUE: Final = "SELECT min(next_run_at) FROM retention_rule WHERE is_enabled"


def carry_out_retention(seconds: float = SECONDS) -> int:
    """Begin what is due and carry on with what was begun; how many rows went.

    A portion that took no row counts as one: more is due. What others are in the way of counts
    nothing, and is tried again at the next look.
    """
    counted = _count_wanted()
    begin_due()
    if counted or not RetentionRun.objects.filter(state=RUNNING).exists():
        return counted
    with alone(WORK) as is_ours:
        return _carry_on(time.monotonic() + seconds) if is_ours else 0


def _count_wanted() -> int:
    """A dry run that took too long for a page."""
    rule = RetentionRule.objects.filter(counted__has_key="wanted").first()
    if rule is None:
        return 0
    count(rule)
    return 1


@transaction.atomic
def begin_due() -> int:
    """A run for each rule whose time has come; how many."""
    now = timezone.now()
    due = RetentionRule.objects.filter(is_enabled=True, next_run_at__lte=now)
    begun = 0
    for rule in due.select_for_update(skip_locked=True).order_by("pk"):
        rule.next_run_at = next_night(now)
        rule.save(update_fields=["next_run_at"])
        if not rule.runs.filter(state=RUNNING).exists():
            begin(rule)
            begun += 1
    return begun


def begin(rule: RetentionRule) -> RetentionRun:
    """A run of the rule as it stands. What is older than now says goes, whenever its turn comes."""
    return RetentionRun.objects.create(
        rule=rule,
        data_class=rule.data_class,
        name=rule.name,
        keep_n=rule.keep_n,
        keep_unit=rule.keep_unit,
        act=rule.act,
        set_by_name=rule.set_by_name,
        before=terms_of(rule).before,
    )


def _carry_on(until: float) -> int:
    done, failed = 0, None
    for run in RetentionRun.objects.filter(state=RUNNING).order_by("pk"):
        try:
            done += _work_off(run, until)
        except Exception as error:
            if is_outage(error):
                raise
            if not is_passing(error):  # who was in the way is gone at the next look
                failed = _note_failure(run, error)
        if time.monotonic() > until:
            break
    if failed and not done:
        raise failed
    return done


def _note_failure(run: RetentionRun, error: Exception) -> Exception:
    """Of one run: the others go on, and it is tried again."""
    log.warning("retention run %s failed: %s", run.pk, type(error).__name__)
    RetentionRun.objects.filter(pk=run.pk).update(error=reason_of(error)[:500])
    return error


def _work_off(run: RetentionRun, until: float) -> int:
    done = 0
    while True:
        portion = next_portion(run)
        if portion is None:
            return done
        done += max(sum(portion.rows.values()), 0 if portion.waits else 1)
        if portion.waits or portion.place is None or time.monotonic() > until:
            return done


@transaction.atomic
def next_portion(run: RetentionRun) -> TakenPortion | None:
    """One portion, and the run's new place, in one transaction; None where it has ended already."""
    row = RetentionRun.objects.select_for_update().get(pk=run.pk)
    if row.state != RUNNING:
        return None
    if row.stop_wanted and "people" not in row.place and "after" not in row.place:
        _end(row, RetentionRun.State.STOPPED)
        return None
    kind = class_of(row.data_class)
    portion = _tried(kind, _terms(row), row)
    _add(row, portion)
    if portion.place is None:
        _end(row, RetentionRun.State.DONE)
    else:
        row.place = portion.place
        row.save()
    return portion


def _tried(kind: Any, terms: RetentionTerms, row: RetentionRun) -> TakenPortion:
    """A lock that is not there at once is a reason to wait, and is counted."""
    try:
        with transaction.atomic():
            found: TakenPortion = kind.portion(terms, row.place)
    except Exception as error:
        if not is_passing(error):
            raise
        tries = row.place.get("tries", 0) + 1
        return TakenPortion(place=row.place | {"tries": tries}, waits=True)
    return found


def _terms(row: RetentionRun) -> RetentionTerms:
    """As of its beginning, but for whose data is held: that is asked each time."""
    return RetentionTerms(row.before, row.act, row.name, held_people(), with_own_rules(row))


def _add(row: RetentionRun, portion: TakenPortion) -> None:
    rows = row.result.setdefault("rows", {})
    for table, n in portion.rows.items():
        rows[table] = rows.get(table, 0) + n
    row.result["people"] = row.result.get("people", 0) + portion.people
    row.result["months"] = row.result.get("months", []) + portion.months
    row.error = ""


def _end(row: RetentionRun, state: str) -> None:
    if row.act == ANONYMISE:
        totals.forget_the_few(row.data_class)
    row.state, row.place, row.ended_at = state, {}, timezone.now()
    row.save()
    rows = sum(row.result.get("rows", {}).values())
    if rows:
        audit.record(
            "retention_rule.ran",
            "retention_rule",
            str(row.rule_id or ""),
            detail={"found": rows, "outcome": state},
        )
