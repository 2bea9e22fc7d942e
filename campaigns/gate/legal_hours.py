"""Legal hours: when the law of where somebody lives lets marketing reach them, by their own clock.

Rows of the policy table (`hours`), beside the quiet hours of the workspace: both hold, so that what
waits for the one may have to wait for the other. Marketers cannot widen them. Whose time zone is
not known is reached only when it is allowed in every zone of their country; of who lives nobody
knows where the workspace's clock counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.core import get_global

from campaigns.gate.quiet_hours import QuietHours, named_zones, zones_by_name
from config.postgres.sql import Sql
from config.workspace.zone_names import zone_of
from consent.models import Purpose
from consent.policy.places import UNKNOWN, group_of
from consent.policy.resolving import PlaceGroups, policy_table
from consent.policy.terms import HOURS

LONGEST = timedelta(days=4)  # no message waits longer


@dataclass(frozen=True)
class LegalHours:
    """What the places of the table say of hours, for one channel and purpose."""

    places: PlaceGroups

    @property
    def group(self) -> Sql:
        """The number of the group of the profile `p`."""
        places = self.places
        return group_of("p", places.named, others=places.others, unknown=places.unknown)

    def ends(
        self, at: datetime, quiet: QuietHours | None
    ) -> list[tuple[int, str, datetime | None]]:
        """(group, zone, from when a message may reach people there), None where it may at `at`."""
        return [
            (n, name, _open(at, [(rule, zone) for rule in rules if rule]))
            for n, rules in enumerate(self._rules(quiet))
            for name, zone in named_zones()
        ]

    def homes(
        self, at: datetime, quiet: QuietHours | None, home: ZoneInfo
    ) -> list[tuple[int, datetime | None]]:
        """The same for people whose zone is not known."""
        return [(n, self._home(n, at, quiet, home)) for n in range(len(self.places.groups))]

    def until(
        self, at: datetime, place: str, zone: str, *, quiet: QuietHours | None, home: ZoneInfo
    ) -> datetime | None:
        """The same for one person, of a place (`policy.places.place_of`) and their own `zone`."""
        n, own = self.places.number_of(place), zones_by_name().get(zone)
        if own is None:
            return self._home(n, at, quiet, home)
        return _open(at, [(rule, own) for rule in self._rules(quiet)[n] if rule])

    def _home(
        self, n: int, at: datetime, quiet: QuietHours | None, home: ZoneInfo
    ) -> datetime | None:
        closed, codes = _closed(self.places.groups[n][1].get(HOURS)), self.places.groups[n][0]
        legal = [(closed, zone) for zone in _zones_of(codes) or [home] if closed]
        return _open(at, [*([(quiet, home)] if quiet else []), *legal])

    def _rules(self, quiet: QuietHours | None) -> list[tuple[QuietHours | None, QuietHours | None]]:
        return [(quiet, _closed(terms.get(HOURS))) for _codes, terms in self.places.groups]


@dataclass(frozen=True)
class SendingHours:
    """All that says when a message may reach somebody, to be asked of one person at a time."""

    quiet: QuietHours | None
    legal: LegalHours | None
    home: ZoneInfo  # the workspace's clock, for whose own is not known

    @property
    def hold(self) -> bool:
        """Whether what comes at the wrong time waits; else it is dropped."""
        return self.quiet is None or self.quiet.hold

    def until(self, at: datetime, place: str, zone: str) -> datetime | None:
        """From when it may, None where it may at `at`: as the gate says it of many in SQL."""
        if self.legal is not None:
            return self.legal.until(at, place, zone, quiet=self.quiet, home=self.home)
        own = zones_by_name().get(zone, self.home)
        return self.quiet.until(at, own) if self.quiet else None


def legal_hours(channel: str, purpose: Purpose) -> LegalHours | None:
    """None where no place says anything of hours on this channel: then they cost nothing."""
    groups = policy_table().groups((HOURS,), channel, purpose).groups
    if not any(HOURS in terms for _codes, terms in groups):
        return None
    apart = [  # each place by itself: the zones of one say nothing of another
        (some, terms)
        for codes, terms in groups
        for some in ([[code] for code in codes] if HOURS in terms else [codes])
    ]
    return LegalHours(PlaceGroups(apart))


def _closed(hours: Any) -> QuietHours | None:
    """The hours in which nobody may be reached: those outside of the legal ones."""
    if not hours:
        return None
    begins, ends = (time.fromisoformat(hours[name]) for name in ("from", "to"))
    return QuietHours(ends, begins)


def _open(at: datetime, rules: Sequence[tuple[QuietHours, ZoneInfo]]) -> datetime | None:
    """The first moment from `at` on at which none of these holds; None where that is `at`.

    Where there is none within LONGEST, the last that was looked at: the message ends before.
    """
    moment = at
    while moment - at < LONGEST:
        later = [end for rule, zone in rules if (end := rule.until(moment, zone))]
        if not later:
            break
        moment = max(later)
    return moment if moment > at else None


@cache
def _zones_by_country() -> dict[str, list[str]]:
    return dict(get_global("territory_zones"))


def _zones_of(places: Sequence[str]) -> list[ZoneInfo]:
    """Every zone of these countries; of a part of one those of the whole."""
    countries = sorted({place.partition("-")[0] for place in places} - {UNKNOWN})
    names = [name for code in countries for name in _zones_by_country().get(code, [])]
    return [zone for name in names if (zone := zone_of(name))]
