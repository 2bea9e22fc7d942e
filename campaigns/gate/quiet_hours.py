"""Quiet hours: by the clock on each person's wall, also in the nights when it is changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones


@dataclass(frozen=True)
class QuietHours:
    """No messages from `start` to `end` of the person's day; hold them until then, or drop them."""

    start: time
    end: time
    hold: bool = True

    def until(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet hours in which `at` (aware) falls end in `zone`; None outside of them.

        An hour that comes twice in the night of a clock change ends when it ends the second time,
        and one that is left out counts by the clock before the change: never too early.
        """
        local = at.astimezone(zone)
        if not self._holds_at(local.time()):
            return None
        day = local.date() + timedelta(days=1 if local.time() >= self.end else 0)
        wall = datetime.combine(day, self.end, zone)
        return max(moment.astimezone(_UTC) for moment in (wall, wall.replace(fold=1)))

    def _holds_at(self, clock: time) -> bool:
        if self.start > self.end:
            return clock >= self.start or clock < self.end
        return self.start <= clock < self.end

    def ends(self, at: datetime) -> Iterator[tuple[str, datetime | None]]:
        """(zone, `until`) of every named zone, as `at` stands in each."""
        return ((name, self.until(at, zone)) for name, zone in named_zones())


_UTC = ZoneInfo("UTC")


@cache
def named_zones() -> list[tuple[str, ZoneInfo]]:
    """Every zone that has a name, in their order."""
    return [(name, ZoneInfo(name)) for name in sorted(available_timezones())]


@cache
def zones_by_name() -> dict[str, ZoneInfo]:
    """The same, to look one up."""
    return dict(named_zones())
