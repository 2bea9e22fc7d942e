"""The moment that a question is about, and whose days it means."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from config.postgres.sql import Sql, sql
from config.workspace.zones import UTC, database_zones, workspace_zone


def rule_zone() -> ZoneInfo:
    """The workspace's zone, in which rules have their days; UTC where the database knows it not."""
    zone = workspace_zone()
    return zone if zone.key in database_zones() else UTC


@dataclass(frozen=True)
class Clock:
    """The moment that a comparison asks about, and whose days it means.

    `home_zone`: the workspace's, whose day a date without a time is; `own`: the zone, in SQL, of
    whom the value is, for anniversaries.
    """

    as_of: datetime
    home_zone: ZoneInfo
    own: Sql

    @property
    def home(self) -> Sql:
        """The workspace's zone in SQL."""
        return sql("{zone}", zone=self.home_zone.key)

    @property
    def today(self) -> Sql:
        """The day that it is for whom the value is of."""
        return sql(
            "({as_of}::timestamptz AT TIME ZONE {zone})::date", as_of=self.as_of, zone=self.own
        )
