"""Writes the demo: people and their year through the inbox, permissions, segments, campaigns.

Every step can be killed and is taken up again; what is done is not done twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from campaigns.services.launching import launch
from config.demo import state, team
from config.demo.generator.content import DRAFT_SLUG, SENT_SLUG
from config.demo.state import DemoState, moment
from config.demo.writing import (
    inbox_feed,
    inbox_worker,
    mail_readers,
    past_clock,
    said_permissions,
    shop_settings,
    sink,
)
from config.demo.writing.open_requests import leave_requests
from config.demo.writing.progress import Progress
from config.workspace.models import Role, User, Workspace
from config.workspace.selectors import forget_workspace
from config.workspace.work.due import WORK, drain
from profiles.models import Profile

PATIENCE = 10_000  # rounds of due work
ATTEMPTS, LEASE, MOMENT = 8, timedelta(minutes=10), timedelta(seconds=5)


class NotHere(Exception):
    """This installation must not get a demo; the message says why."""


def begin_or_resume(profiles: int, events: int) -> DemoState:
    """The run that was begun here, or a fresh one of this size. Raises NotHere."""
    there = state.load()
    if there is not None:
        return there
    if settings.EMAIL_URL:
        raise NotHere(
            _("EMAIL_URL is set: the demo writes made-up mail to made-up people. Unset it.")
        )
    if Profile.objects.exists():
        raise NotHere(
            _("There are people in this installation already; the demo would mix with them.")
            + " "
            + _("Give the demo a folder of its own: VAR_DIR=/some/folder")
        )
    return state.begin(profiles, events)


def write(run: DemoState, progress: Progress, *, observer: Any = None) -> None:
    """Everything from the first message to the draft, and then on to now.

    `observer` sees the messages of a run that is not resumed.
    """
    work = Worked(run, progress)
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # whitenoise asks for it
    shop_settings.furnish_workspace()
    shop_settings.ensure_rates(moment(run.start), timezone.now())
    inbox_feed.ensure_sources()
    shop_settings.ensure_banner()
    team.ensure_team(run)
    with inbox_worker.helper(
        run.events >= inbox_worker.SMALL and "written" not in run.done
    ) as is_helped:
        work.is_helped = is_helped
        if "sent" not in run.done:
            work.live(run.sent_at, to=0.62, is_history=True, observer=observer)
            _send(run, progress)
        work.live(moment(run.first_end), to=0.92, observer=observer)
    state.finish(run, "written")
    _finish(run, progress)


class Worked:
    """Feeds the inbox and works it off, with the progress of both."""

    def __init__(self, run: DemoState, progress: Progress) -> None:
        self.run, self.progress = run, progress
        self.fed = 0
        self.is_helped: Callable[[], bool] = lambda: False

    def live(
        self, end: datetime, *, to: float, is_history: bool = False, observer: Any = None
    ) -> None:
        """What happened up to `end`, and what people allowed up to then."""
        if not self.run.fed_to or moment(self.run.fed_to) < end:
            self.progress.step(_("People and what they do"), to - 0.05)
            inbox_feed.feed(
                self.run, end, is_history=is_history, seen=self._seen, observer=observer
            )
        self._work_off()
        if not self.run.said_to or moment(self.run.said_to) < end:
            self.progress.step(_("What people allowed"), to)
            said_permissions.say(self.run, end, said=self.progress.at)
            _analyse()

    def _seen(self, count: int) -> None:
        self.fed += count
        if self.fed % 5 == 0 or self.run.events < inbox_worker.SMALL:
            self._show()

    def _show(self) -> None:
        """Of all that was fed, by an earlier start too: what it left in the inbox waits as well."""
        done = max(self.run.fed - inbox_feed.waiting(), 0)
        self.progress.at(done, self.run.events, _("%(n)s events") % {"n": f"{done:,}"})

    def _work_off(self) -> None:
        """Until the inbox is empty: by the helper while it lives, else here."""
        while self.is_helped() and not inbox_feed.is_worked_off():
            self._show()
            time.sleep(inbox_worker.IDLE_SECONDS)
        while inbox_worker.one_portion():
            self._show()


def _send(run: DemoState, progress: Progress) -> None:
    """The segments, and the one campaign that went out days ago, by the clock of then."""
    progress.step(_("Segments and their people"), 0.68)
    with past_clock.set_to(run.sent_at):
        drain_quietly("segments")  # changes announced before there was any segment
        shop_settings.ensure_segments()
        drain_quietly("segments")
        campaign = shop_settings.ensure_campaign(SENT_SLUG, _marketer(run))
        if campaign.status == Campaign.Status.DRAFT:
            launch(campaign)
    progress.step(_("A campaign, sent and delivered"), 0.74)
    _deliver(run, campaign)
    progress.step(_("People open it, click, leave"), 0.8)
    mail_readers.read_mails(SENT_SLUG, mail_readers.soon_buyers(run), progress.at)
    state.finish(run, "sent")


def _deliver(run: DemoState, campaign: Campaign) -> None:
    """Until all is handed over; what a killed run held leased is free some minutes later."""
    campaign.refresh_from_db()
    begun = campaign.launched_at or run.sent_at  # by the clock of then, which has gone on since
    for attempt in range(ATTEMPTS):
        with past_clock.set_to(begun + MOMENT + attempt * LEASE), sink.open_sink():
            drain_quietly("campaigns", "delivery")
        campaign.refresh_from_db()
        if campaign.status == Campaign.Status.FINISHED:
            return


def _finish(run: DemoState, progress: Progress) -> None:
    """The draft, the gap since the run began, everything that is due; then it is a demo."""
    progress.step(_("Everything that is due"), 0.98)
    shop_settings.ensure_campaign(DRAFT_SLUG, _marketer(run))
    if "needs" not in run.done:
        shop_settings.leave_something_to_do()
        leave_requests()
        state.finish(run, "needs")
    now = datetime.now(UTC)
    inbox_feed.feed(run, now)
    drain()
    said_permissions.say(run, now)
    drain()
    _analyse()
    Workspace.objects.filter(pk=1, demo_at=None).update(demo_at=timezone.now())
    forget_workspace()


def fill_gap(run: DemoState, progress: Progress) -> int:
    """From where a finished demo stands to now; how many messages it was."""
    progress.step(_("What happened since"), 0.9)
    now = datetime.now(UTC)
    shop_settings.ensure_rates(moment(run.fed_to), now)
    count = inbox_feed.feed(run, now)
    drain()
    said_permissions.say(run, now)
    drain()
    return count


def drain_quietly(*names: str) -> None:
    """Do these kinds of due work until each says that there is none."""
    functions: list[Callable[[], int]] = [f for n in names if (f := WORK.get(n)) is not None]
    for _round in range(PATIENCE):
        if not sum(function() for function in functions):
            return


def _marketer(run: DemoState) -> User | None:
    return User.objects.filter(pk__in=run.users, role=Role.MARKETER).first()


def _analyse() -> None:
    """Tell the planner about the new rows; autovacuum would, a minute later."""
    owner: Any = connection
    if connection.in_atomic_block:  # a test's: nobody else sees its rows
        return
    with owner.owner(), connection.cursor() as cursor:
        cursor.execute("ANALYZE")
