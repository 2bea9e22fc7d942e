"""The windows of events: ever, lately, between two times, since somebody entered."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from config.console.words import when_words
from config.postgres.sql import Sql, sql
from config.workspace.zones import UTC, begins, ends
from profiles.language.reading.reader import Reader
from profiles.language.times.clock import Clock
from profiles.language.times.durations import Duration, read_duration


@dataclass(frozen=True)
class Window:
    """When an event counts: ever, in the last so long, between two times, or since the entry.

    A day is one of the workspace's; the end includes it.
    """

    last: Duration | None = None
    start: date | datetime | None = None
    end: date | datetime | None = None
    since_entry: bool = False

    def due_at(self, now: datetime) -> datetime | None:
        """From when on time alone may change the answer of `now`; None where it never does."""
        return now if self.last else None

    def lower(self, clock: Clock) -> Sql | None:
        """The first moment that counts, or None."""
        if self.last:
            return self.last.before(clock)
        if self.start is None:
            return None
        return sql("{start}::timestamptz", start=begins(self.start, clock.home_zone))

    def upper(self, clock: Clock) -> Sql:
        """The first moment that does not count any more."""
        end = min(ends(self.end, clock.home_zone), clock.as_of) if self.end else clock.as_of
        return sql("{end}::timestamptz", end=end)

    def describe(self) -> str:
        """In words: "in the last 30 days"; empty for ever."""
        if self.last:
            return _("in the last %(duration)s") % {"duration": self.last.describe()}
        if self.since_entry:
            return _("since entering the campaign")
        words = {"start": when_words(self.start), "end": when_words(self.end)}
        if self.start and self.end:
            return _("from %(start)s to %(end)s") % words
        if self.start:
            return _("since %(start)s") % words
        return _("before %(end)s") % words if self.end else ""


def read_window(reader: Reader, name: str = "window") -> Window:
    """The window under `name`; ever when absent."""
    inner = reader.mapping(name)
    if inner is None:
        return Window()
    inner.only("last", "from", "to", "since_entry")
    kinds = [
        bool(inner.has("last")),
        inner.has("from") or inner.has("to"),
        inner.has("since_entry"),
    ]
    if sum(kinds) != 1:
        inner.fail("", "conflict", _("Say one of: last, from and to, since_entry."))
        return Window()
    if inner.has("last"):
        return Window(last=read_duration(inner, "last"))
    if inner.has("since_entry"):
        if inner.data["since_entry"] is not True:
            inner.fail("since_entry", "type", _("This must be true."))
        elif not inner.notes.has_entry:
            inner.fail("since_entry", "no_entry", _("Nobody enters here; this works in campaigns."))
        return Window(since_entry=True)
    start = inner.when("from") if inner.has("from") else None
    end = inner.when("to") if inner.has("to") else None
    if start and end and begins(start, UTC) >= ends(end, UTC):
        inner.fail("to", "range", _("The end lies before the beginning."))
    return Window(start=start, end=end)
