"""How is each unit of work? Screens, readiness, metrics and Home all ask here.

A unit is behind when its oldest work waits for a minute. It fails when its runs raise, when what
is due is not touched for minutes, when nothing has run at all, or when the other side of a channel
takes nothing. Times before this process started count from its start: what stood still overnight
gets a moment to begin.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.utils import timezone

from config import disk
from config.postgres import capacity
from config.postgres.capacity import Capacity
from config.workspace.health import alive, restarts
from config.workspace.work import unnoted
from config.workspace.work.due import WORK
from config.workspace.work.waiting import (
    CONNECTIONS,
    DISK,
    PROCESSES,
    SENDING,
    WAITING,
    WORKER,
    WORKERS,
)

BEHIND_SECONDS = 60.0
RAISING = timedelta(seconds=30)  # so long without a success
REFUSING = timedelta(seconds=60)  # the first retry comes after 30
TRIED = timedelta(hours=2, minutes=30)  # the longest pause before a retry, and some
NO_TICK = timedelta(minutes=2)
UNTOUCHED = timedelta(minutes=5)  # a run may take four
NO_RUN = timedelta(minutes=10)
LATELY_SECONDS = 600
LATELY = timedelta(seconds=LATELY_SECONDS)
REFUSED_SHARE, REFUSED_LEAST = 0.5, 10
KEPT_SECONDS = 5.0
WEBHOOKS, WEBHOOK = "webhooks", "webhook"  # the unit, and the channel of its circuits
# receivers of others that take nothing, or that we stopped calling; by hand is by hand
TROUBLED = f"""
    SELECT json_build_object('count', count(*), 'since', min(coalesce(w.failing_since, w.off_at)),
        'server', (array_agg(w.server ORDER BY coalesce(w.failing_since, w.off_at), w.id))[1],
        'events', (array_agg(array_to_string(w.events, ' ')
            ORDER BY coalesce(w.failing_since, w.off_at), w.id))[1])
    FROM webhook w
    WHERE w.enabled AND w.failing_since <= now() - interval '{LATELY_SECONDS} seconds'
       OR NOT w.enabled AND w.off_because IN ('gone', 'failing')
"""  # noqa: S608
ACCEPTED = frozenset({"sent", "bounced"})  # a bounce is about one address: the server works
STARTED = timezone.now()


class HealthLevel(IntEnum):
    """From well to worst."""

    OK = 0
    BEHIND = 1
    FAILING = 2


@dataclass(frozen=True)
class Run:
    """A row of `work_run`."""

    name: str
    last_success: datetime | None = None
    last_progress: datetime | None = None
    runs: int = 0
    failures: int = 0
    handled: int = 0
    error: str = ""
    error_since: datetime | None = None
    error_at: datetime | None = None
    error_count: int = 0


@dataclass(frozen=True)
class UnitFault:
    """What is wrong with a unit: a kind that `words` has sentences for, and its facts."""

    kind: str  # no_tick, raising, refusing, refusing_some, left_alone, untouched, no_run,
    # behind, untaken, restarting, few_connections, disk_full, disk_low, disk_read_only, disk_gone
    since: datetime | None = None
    seconds: float = 0.0
    count: int = 0
    of: int = 0
    reason: str = ""
    channel: str = ""
    server: str = ""
    until: datetime | None = None  # when it is tried next
    events: tuple[str, ...] = ()  # kinds that a webhook is to be told of


@dataclass(frozen=True)
class Open:
    """A row of `circuit`: a server that is left alone until `retry_at`."""

    server: str
    channel: str
    reason: str
    failures: int
    opened_at: datetime
    retry_at: datetime


@dataclass(frozen=True)
class Unit:
    """One unit of work."""

    name: str
    level: HealthLevel
    lag_seconds: float
    run: Run
    fault: UnitFault | None = None

    @property
    def last_success(self) -> datetime | None:
        """When a run of it last ended well."""
        return self.run.last_success


@dataclass(frozen=True)
class SendCounts:
    """Hand-overs on a channel with one outcome: in all, or (`lately`) in the last ten minutes."""

    channel: str
    outcome: str
    word: str
    n: int
    lately: bool


@dataclass(frozen=True)
class Health:
    """The answer. `units` in their order, the workers first; `sending` by channel."""

    at: datetime
    units: Sequence[Unit]
    sending: Sequence[Run] = ()
    sent: Sequence[SendCounts] = field(default=())
    circuits: Sequence[Open] = ()
    capacity: Capacity | None = None

    @property
    def level(self) -> HealthLevel:
        """The worst of the units'."""
        return max((unit.level for unit in self.units), default=HealthLevel.OK)

    @property
    def failing(self) -> list[Unit]:
        """Those that need somebody; the worker alone where it is the reason for the others."""
        found = [unit for unit in self.units if unit.level == HealthLevel.FAILING]
        return [u for u in found if u.name == WORKER] or found

    @property
    def behind(self) -> list[Unit]:
        """Those whose work waits, and go on."""
        return [unit for unit in self.units if unit.level == HealthLevel.BEHIND]

    def unit(self, name: str) -> Unit | None:
        """One of them by name."""
        return next((unit for unit in self.units if unit.name == name), None)


class _Kept:
    """The last answer of this process."""

    health: Health | None = None
    until = 0.0


def current() -> Health:
    """The health as of the last five seconds. One small query when asked anew."""
    now = time.monotonic()
    if _Kept.health is None or now >= _Kept.until:
        with connection.cursor() as cursor:
            _Kept.health = read(cursor)
        _Kept.until = now + KEPT_SECONDS
    return _Kept.health


def forget() -> None:
    """Ask anew next time."""
    _Kept.health = None


def read(cursor: Any) -> Health:
    """Ask the database, through Django's cursor or psycopg's: one statement."""
    cursor.execute(_statement(), {"lately": timezone.now() - LATELY})
    answered = (json.loads(text) for text in cursor.fetchone())
    rows, ages, counts, open_ones, allowed, troubled = answered
    now = timezone.now()
    runs = {row["name"]: _run(row) for row in rows}
    sent = [SendCounts(**row) for row in counts]
    circuits = [one for row in open_ones if (one := _open(row)).channel != WEBHOOK]
    sending = [run for name, run in sorted(runs.items()) if name.startswith(SENDING)]
    units = [_worker(runs.get(name, Run(name)), now) for name in WORKERS]
    unheard = unnoted.read(Path(settings.VAR_DIR))
    for name in WORK.names():
        waited = max(ages.get(name) or 0.0, 0.0)
        found = judge(_with_unheard(runs.get(name, Run(name)), unheard.get(name), now), waited, now)
        if name == "delivery":
            found = _with_circuits(_with_sending(found, sending, sent, now), circuits, now)
        if name == WEBHOOKS:
            found = _with_webhooks(found, troubled)
        units.append(found)
    room = capacity.of(allowed)
    units += [*of_the_machine(now), *_of_connections(room)]
    return Health(now, units, sending, sent, circuits, room)


def _statement() -> str:
    """Rows of runs, seconds waited by unit, counts of hand-overs; SQL of our own code alone."""
    ages = ", ".join(
        f"'{name}', extract(epoch FROM clock_timestamp() - ({oldest}))::float8"
        for name, oldest in WAITING
    )
    return f"""
        SELECT (SELECT coalesce(json_agg(w), '[]') FROM work_run w)::text,
               json_build_object({ages})::text,
               (SELECT coalesce(json_agg(s), '[]') FROM (
                    SELECT channel, outcome, word, sum(n)::bigint AS n,
                           minute IS NOT NULL AS lately
                    FROM send_count WHERE minute IS NULL OR minute > %(lately)s
                    GROUP BY 1, 2, 3, 5 ORDER BY 1, 2, 3) AS s)::text,
               (SELECT coalesce(json_agg(c ORDER BY c.opened_at), '[]') FROM circuit c)::text,
               ({capacity.ALLOWED})::text,
               ({TROUBLED})::text
    """  # noqa: S608


def _run(row: dict[str, Any]) -> Run:
    times = ("last_success", "last_progress", "error_since", "error_at")
    read = {name: datetime.fromisoformat(row[name]) if row[name] else None for name in times}
    return Run(**(row | read))


def _open(row: dict[str, Any]) -> Open:
    times = ("opened_at", "retry_at")
    return Open(**(row | {name: datetime.fromisoformat(row[name]) for name in times}))


# --- judging --------------------------------------------------------------------------------------
def since_start(at: datetime | None) -> datetime:
    """`at`, or when this process started if that is later."""
    return STARTED if at is None else max(at, STARTED)


def _worker(run: Run, now: datetime) -> Unit:
    """A pool's sign. Where nobody is to listen (WAKE_BY_CELERY off, cron drains) none is due.

    One that says itself why it does not tick is believed sooner.
    """
    age = (now - run.last_success).total_seconds() if run.last_success else 0.0
    expected = settings.WAKE_BY_CELERY
    sign = alive.read(Path(settings.VAR_DIR), run.name)
    own = sign.reason if sign and sign.age_seconds < NO_TICK.total_seconds() else ""
    patience = RAISING if own else NO_TICK
    if not expected or now - since_start(run.last_success) < patience:
        return Unit(run.name, HealthLevel.OK, age if expected else 0.0, run)
    said = own or run.error
    silent = (now - since_start(run.last_success)).total_seconds()
    fault = UnitFault("no_tick", run.last_success, age or silent, reason=said)
    return Unit(run.name, HealthLevel.FAILING, age or silent, run, fault)


def of_the_machine(now: datetime) -> list[Unit]:
    """What is wrong with the disk and with the processes that `up` runs; no question to anybody."""
    var, found = Path(settings.VAR_DIR), []
    if space := disk.trouble(var, embedded=settings.EMBEDDED_POSTGRES):
        level = HealthLevel.BEHIND if space.fault == disk.LOW else HealthLevel.FAILING
        words = disk.in_english(space)
        left, of = space.free_bytes // disk.MEGABYTE, "bytes"
        if space.files is not None and space.files < disk.LOW_FILES:
            left, of = space.files, "files"
        fault = UnitFault(space.fault, count=left, reason=words, channel=of)
        found.append(Unit(DISK, level, 0.0, Run(DISK), fault))
    for name, process in restarts.lately(var).items():
        many = len([at for at in process.at if at > now.timestamp() - restarts.LATELY_SECONDS])
        fault = UnitFault("restarting", count=many, reason=process.reason, channel=name)
        found.append(Unit(PROCESSES, HealthLevel.BEHIND, 0.0, Run(PROCESSES), fault))
    return found


def _of_connections(room: Capacity) -> list[Unit]:
    """The database takes fewer than may be needed: requests wait for each other."""
    if not room.is_short:
        return []
    fault = UnitFault("few_connections", count=room.allowed, of=room.needed)
    return [Unit(CONNECTIONS, HealthLevel.BEHIND, 0.0, Run(CONNECTIONS), fault)]


def _with_unheard(run: Run, failing: unnoted.Failing | None, now: datetime) -> Run:
    """What its runs failed with and could not write down, where none ends well elsewhere."""
    if failing is None or now - since_start(run.last_success) < RAISING:
        return run
    since, many = run.error_since or failing.began, run.error_count + failing.count
    return replace(run, error=failing.reason, error_since=since, error_count=many)


def judge(run: Run, lag_seconds: float, now: datetime) -> Unit:
    """A unit by what its runs came to and by what waits."""

    def unit(level: HealthLevel, fault: UnitFault | None = None) -> Unit:
        return Unit(run.name, level, lag_seconds, run, fault)

    if run.error_since is not None and now - since_start(run.error_since) >= RAISING:
        fault = UnitFault("raising", run.error_since, count=run.error_count, reason=run.error)
        return unit(HealthLevel.FAILING, fault)
    untouched = now - since_start(run.last_progress)
    if lag_seconds >= UNTOUCHED.total_seconds() and untouched >= UNTOUCHED:
        touched = run.last_progress or now - timedelta(seconds=lag_seconds)
        return unit(HealthLevel.FAILING, UnitFault("untouched", touched, lag_seconds))
    no_run = now - since_start(run.last_success)
    if settings.WAKE_BY_CELERY and no_run >= NO_RUN:
        return unit(
            HealthLevel.FAILING, UnitFault("no_run", run.last_success, no_run.total_seconds())
        )
    if lag_seconds >= BEHIND_SECONDS:
        return unit(HealthLevel.BEHIND, UnitFault("behind", None, lag_seconds))
    return unit(HealthLevel.OK)


def _with_sending(
    unit: Unit, sending: Sequence[Run], sent: Sequence[SendCounts], now: datetime
) -> Unit:
    """Delivery fails with a channel whose other side takes nothing."""
    found = [_of_channel(run, sent, now) for run in sending]
    worst = max(found, key=lambda item: item[0], default=(HealthLevel.OK, None))
    if worst[0] <= unit.level:
        return unit
    return Unit(unit.name, worst[0], unit.lag_seconds, unit.run, worst[1])


def _with_circuits(unit: Unit, circuits: Sequence[Open], now: datetime) -> Unit:
    """Delivery is behind with a server that is left alone, and fails where that lasts.

    One that was not tried for a while has nothing to be tried with.
    """
    found = [one for one in circuits if now - one.retry_at < LATELY]
    if not found:
        return unit
    first = found[0]
    lasting = now - since_start(first.opened_at) >= REFUSING
    level = max(HealthLevel.FAILING if lasting else HealthLevel.BEHIND, unit.level)
    fault = UnitFault("left_alone", first.opened_at, reason=first.reason, channel=first.channel)
    if unit.fault and (unit.fault.kind, unit.fault.channel) == ("refusing", first.channel):
        fault = unit.fault
    fault = replace(fault, server=first.server, until=max(first.retry_at, now))
    return Unit(unit.name, level, unit.lag_seconds, unit.run, fault)


def host_of(server: str) -> str:
    """Of `https://crm.example:443` the name."""
    return urlsplit(server).hostname or server


def _with_webhooks(unit: Unit, troubled: Mapping[str, Any]) -> Unit:
    """Behind while a receiver takes nothing: that is its own affair, and the unit itself works."""
    if unit.level != HealthLevel.OK or not troubled["count"]:
        return unit
    since = datetime.fromisoformat(troubled["since"])
    fault = UnitFault(
        "untaken",
        since,
        count=troubled["count"],
        server=host_of(troubled["server"] or ""),
        events=tuple((troubled["events"] or "").split()),
    )
    return replace(unit, level=HealthLevel.BEHIND, fault=fault)


def _of_channel(
    run: Run, sent: Sequence[SendCounts], now: datetime
) -> tuple[HealthLevel, UnitFault | None]:
    channel = run.name.removeprefix(SENDING)
    if run.error_since is not None and run.error_at is not None:
        fault = UnitFault(
            "refusing",
            run.error_since,
            count=run.error_count,
            of=run.error_count,
            reason=run.error,
            channel=channel,
        )
        lasting = now - since_start(run.error_since) >= REFUSING
        # what was refused before this start may have been settled by it
        is_tried = now - run.error_at < TRIED and run.error_at >= STARTED
        return (HealthLevel.FAILING if lasting and is_tried else HealthLevel.BEHIND), fault
    lately = [one for one in sent if one.lately and one.channel == channel]
    bad = [one for one in lately if one.outcome not in ACCEPTED]
    count, of = sum(one.n for one in bad), sum(one.n for one in lately)
    if count >= REFUSED_LEAST and count >= REFUSED_SHARE * of:
        word = max(bad, key=lambda one: one.n).word
        fault = UnitFault(
            "refusing_some", now - LATELY, count=count, of=of, reason=word, channel=channel
        )
        return HealthLevel.BEHIND, fault
    return HealthLevel.OK, None
