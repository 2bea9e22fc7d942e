"""What an erasure leaves where a law or a dispute asks for it: by class of data, with its ground.

Until an erasure begins, what stays is chosen on its request; rows of `ErasureDuty` are chosen by
themselves. What stays lies under the person's emptied number, where no rule, send or export reads,
and the search leaves it out and the certificate names it. When its time is over, or somebody ends
it, it is erased too, the search is done again, and there is a new certificate.

Which rows a class means, apps sign in at `KEEPABLE`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from config.console.words import day
from config.postgres.sql import AND, OR, Sql, one, sql
from config.workspace import audit
from config.workspace.registry import Registry
from config.workspace.tables.belonging import Erased
from config.workspace.work.due import wake
from config.workspace.zones import ends, today
from consent.models import ErasureException, PrivacyRequest
from consent.models.exceptions import DataClass
from consent.privacy.deadlines import after
from consent.privacy.duties import in_force
from consent.privacy.holdings import Holding, count, holdings_of
from consent.privacy.requests import WORK, CannotBeDone
from consent.privacy.subject import DataSubject
from profiles.selectors.revenue import revenue_events

MOST_MONTHS: Final = 12 * 50


@dataclass(frozen=True)
class KeepableRows:
    """Of one table: a test on `t`, and the moment from which months are counted."""

    test: Sql
    moment: Sql


# data class -> function: by table the rows that it means
KEEPABLE: Registry[Callable[[], Mapping[str, KeepableRows]]] = Registry("keepable data")


@KEEPABLE.register(DataClass.ORDERS)
def _orders() -> Mapping[str, KeepableRows]:
    """What carries revenue, reversals too."""
    rows = KeepableRows(
        sql("t.name = ANY({names}::text[])", names=revenue_events().all), Sql("t.occurred_at")
    )
    return {"event": rows, "event_item": rows}


@KEEPABLE.register(DataClass.PERMISSIONS)
def _permissions() -> Mapping[str, KeepableRows]:
    return {"consent_entry": KeepableRows(Sql("TRUE"), Sql("t.recorded_at"))}


def applied(subject: DataSubject, exceptions: Sequence[ErasureException]) -> list[Holding]:
    """All that is held of a person, with what stays cut out of it as a holding of its own."""
    kept = tests_of(exceptions)
    return [part for holding in holdings_of(subject) for part in _cut(holding, kept)]


def tests_of(
    exceptions: Sequence[ErasureException],
) -> dict[str, list[tuple[ErasureException, Sql]]]:
    """By table the tests on `t` of what stays, with whose it is."""
    found: dict[str, list[tuple[ErasureException, Sql]]] = {}
    for exception in exceptions:
        for table, rows in _rows_of(exception).items():
            test = rows.test
            if exception.months is not None:
                since = sql("now() - make_interval(months => {n})", n=exception.months)
                test = sql("({t} AND {m} > {since})", t=test, m=rows.moment, since=since)
            # neither kept nor erased would be what is of no time
            found.setdefault(table, []).append((exception, sql("coalesce({t}, FALSE)", t=test)))
    return found


def _rows_of(exception: ErasureException) -> Mapping[str, KeepableRows]:
    keepable = KEEPABLE.get(exception.data_class)
    return keepable() if keepable else {}


def _cut(
    holding: Holding, kept: Mapping[str, list[tuple[ErasureException, Sql]]]
) -> Iterator[Holding]:
    tests = kept.get(holding.table, [])
    for exception, test in tests:
        yield replace(
            holding,
            where=sql("(({w}) AND {test})", w=holding.where, test=test),
            act=Erased.KEPT,
            ground=words(exception),
            exception_id=exception.pk,
        )
    if tests:
        others = AND.joined(sql("NOT {test}", test=test) for _exception, test in tests)
        holding = replace(
            holding, where=sql("(({w}) AND {others})", w=holding.where, others=others)
        )
    yield holding


def left_out(subject: DataSubject, exceptions: Sequence[ErasureException]) -> dict[str, Sql]:
    """By table a test on `t`: it stays on a ground, and the search passes it by."""
    found: dict[str, list[Sql]] = {}
    for holding in applied(subject, exceptions) if exceptions else ():
        if holding.exception_id:
            found.setdefault(holding.table, []).append(holding.where)
    return {table: sql("({tests})", tests=OR.joined(tests)) for table, tests in found.items()}


def words(exception: ErasureException) -> str:
    """The ground, the law, and how long; for a screen, a letter, a certificate."""
    ground = f"{exception.get_ground_display()}: {exception.because}"
    if exception.until:
        return _("%(ground)s, until %(day)s") % {"ground": ground, "day": day(exception.until)}
    if exception.months is not None:
        return _("%(ground)s, %(n)s months from its own day") % {
            "ground": ground,
            "n": exception.months,
        }
    return _("%(ground)s, until it is ended") % {"ground": ground}


def kept_rows(subject: DataSubject, exceptions: Sequence[ErasureException]) -> list[dict[str, Any]]:
    """What stays, for the certificate: by exception the tables and their rows."""
    by_id = {one_.pk: one_ for one_ in exceptions}
    found: dict[int, dict[str, int]] = {pk: {} for pk in by_id}
    for holding in applied(subject, exceptions) if exceptions else ():
        if holding.exception_id and (n := count(holding)):
            rows = found[holding.exception_id]
            rows[holding.table] = max(rows.get(holding.table, 0), n)
    return [
        {
            "data_class": by_id[pk].data_class,
            "ground": by_id[pk].ground,
            "because": by_id[pk].because,
            "months": by_id[pk].months,
            "until": str(by_id[pk].until or "") or None,
            "rows": rows,
        }
        for pk, rows in found.items()
        if rows
    ]


def check(*, months: int | None, until: date | None) -> None:
    """Raises CannotBeDone where the time makes no sense."""
    if months is not None and until is not None:
        raise CannotBeDone(_("Give months or a last day, not both."))
    if months is not None and not 0 < months <= MOST_MONTHS:
        raise CannotBeDone(_("Months are between 1 and %(n)d.") % {"n": MOST_MONTHS})
    if until is not None and until < today():
        raise CannotBeDone(_("The last day is over already."))


@transaction.atomic
def keep(
    request: PrivacyRequest,
    *,
    data_class: str,
    ground: str,
    because: str,
    months: int | None = None,
    until: date | None = None,
) -> ErasureException:
    """Have the erasure leave this. Raises CannotBeDone: once it has begun it is too late."""
    row = PrivacyRequest.objects.select_for_update().get(pk=request.pk)
    if not row.is_open or row.erasing_since is not None or row.type != "erasure":
        raise CannotBeDone(_("Only an erasure that has not begun can leave something."))
    if not because.strip():
        raise CannotBeDone(_("Name the law or the case."))
    check(months=months, until=until)
    made = ErasureException.objects.create(
        request=row,
        data_class=data_class,
        ground=ground,
        because=because.strip(),
        months=months,
        until=until,
        made_by=str(audit.current_actor()),
    )
    _noted("privacy.kept", row, made)
    return made


@transaction.atomic
def end(exception: ErasureException, *, because: str) -> None:
    """It stays no longer: gone from a request that has not begun, erased next of one that is done.

    Raises CannotBeDone.
    """
    request = PrivacyRequest.objects.select_for_update().get(pk=exception.request_id)
    row = ErasureException.objects.get(pk=exception.pk)
    if row.ended_at or row.done_at:
        raise CannotBeDone(_("It was ended already."))
    if not because.strip():
        raise CannotBeDone(_("Say why it ends."))
    row.ended_at, row.ended_because = timezone.now(), because.strip()
    begun = request.erasing_since is not None
    row.due_at, row.done_at = (row.ended_at, None) if begun else (None, row.ended_at)
    row.save()
    _noted("privacy.kept_no_more", request, row)
    if begun:
        wake(WORK)


def due() -> list[int]:
    """Ids of complete erasures of which something need not stay any more, the longest due first."""
    rows = ErasureException.objects.filter(
        done_at=None, due_at__lte=timezone.now(), request__status=PrivacyRequest.Status.COMPLETED
    )
    return list(dict.fromkeys(rows.order_by("due_at").values_list("request_id", flat=True)))


def settle(request: PrivacyRequest, subject: DataSubject) -> bool:
    """When each is due next, or that it is done; whether one still keeps something."""
    now = timezone.now()
    current = {row.pk for row in in_force(request)}
    rows = ErasureException.objects.filter(request=request, done_at=None)
    for row in rows:
        next_at = _next(row, subject) if row.pk in current else None
        row.due_at, row.done_at = next_at, None
        if row.pk not in current or (row.months is not None and next_at is None):
            row.due_at, row.done_at = None, now
        row.save(update_fields=["due_at", "done_at"])
    return rows.all().exists()


def _next(exception: ErasureException, subject: DataSubject) -> datetime | None:
    """When the first of what it keeps is to go; None for never, or nothing."""
    if exception.until:
        return ends(exception.until)
    if exception.months is None:
        return None
    rows = _rows_of(exception)
    kept = [part for part in applied(subject, [exception]) if part.exception_id]
    firsts = [
        first for part in kept if (first := _first(part, rows[part.table].moment)) is not None
    ]
    return after(min(firsts), exception.months, "month") if firsts else None


def _first(holding: Holding, moment: Sql) -> datetime | None:
    query = f"SELECT min({{m}}) FROM {holding.table} t WHERE {{w}}"  # noqa: S608 - a table of ours
    (found,) = one(sql(query, m=moment, w=holding.where))
    return found if isinstance(found, datetime) else None


def _noted(action: str, request: PrivacyRequest, row: ErasureException) -> None:
    detail = {"what": row.data_class, "ground": row.ground}
    audit.record(action, "privacy_request", str(request.public_id), detail=detail)
