"""The unit of work `demo`: after a restart what was missed, then light traffic every minute.

Does nothing where no demo has run.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from django.db import transaction

from config.demo import state
from config.demo.generator import background
from config.demo.state import DemoState, moment
from config.demo.writing import inbox_feed, said_permissions, shop_settings
from config.workspace.work.due import WORK

AFTER_RESTART = timedelta(minutes=1)  # a longer gap is filled as soon as a process starts
WHILE_RUNNING = timedelta(minutes=15)  # so long light traffic is enough; then the orders are due
SLICE_SECONDS = 5.0


class _Process:
    """Whether this process has looked for a gap since it started."""

    has_looked = False


@WORK.register("demo", order=90)
def work() -> int:
    """Fill a gap for some seconds, or make one minute's traffic; how many messages it was."""
    kept = state.current()
    if kept is None or not _is_due(kept, datetime.now(UTC)):
        return 0
    with state.alone() as won:
        run = state.load() if won else None
        if run is None:
            return 0
        return _catch_up(run, datetime.now(UTC))


def _is_due(run: DemoState, now: datetime) -> bool:
    """By what was kept some seconds ago; no query."""
    return _gap_is_due(run, now) or _light_is_due(run, now) or run.said_to < run.fed_to


def _gap_is_due(run: DemoState, now: datetime) -> bool:
    gap = now - moment(run.fed_to)
    if not _Process.has_looked and gap > AFTER_RESTART:
        return True
    _Process.has_looked = True
    return run.traffic and gap > WHILE_RUNNING


def _light_is_due(run: DemoState, now: datetime) -> bool:
    return run.traffic and run.lit_to != _minute(now)


def _minute(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H:%M")


def _catch_up(run: DemoState, now: datetime) -> int:
    """The first of these that is due: the gap, what people allowed in it, the minute's traffic."""
    until = time.monotonic() + SLICE_SECONDS

    def keep_on() -> bool:
        return time.monotonic() < until

    if _gap_is_due(run, now):
        shop_settings.ensure_rates(moment(run.fed_to), now)
        return inbox_feed.feed(run, now, keep_on=keep_on)
    if run.said_to < run.fed_to and inbox_feed.is_worked_off():
        return said_permissions.say(run, moment(run.fed_to), keep_on=keep_on)
    return _light(run, now) if _light_is_due(run, now) else 0


@transaction.atomic
def _light(run: DemoState, now: datetime) -> int:
    """What customers do in this minute; the same minute is never written twice."""
    messages = background(now, **run.run)
    run.lit_to = _minute(now)
    state.remember(run, "lit_to")
    if messages:
        inbox_feed.put(inbox_feed.sources(), messages)
    return len(messages)
