"""When people opened and clicked: by the hour at first, then by the day, by the workspace's clock.

Each message counts once, when it was first opened or clicked by a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from campaigns.models import Campaign
from config.postgres.sql import UNION_ALL, Sql, run, sql
from config.workspace.zones import begins, ends, workspace_zone

HOURS: Final = 48  # after the launch
DAYS: Final = 14
WHEN: Final = {
    "opened": "opened_at",
    "clicked": "clicked_at",
    "unsubscribed": "unsubscribed_at",
}

_COUNTS = """
SELECT {name}, {unit}, CASE WHEN {unit} = 'hour'
         THEN floor(extract(epoch FROM m.{column} - {began}::timestamptz) / 3600)::int
         ELSE (m.{column} AT TIME ZONE {zone})::date - {day}::date END AS n, count(*)
FROM message m
WHERE m.campaign_id = {campaign} AND NOT m.is_test AND m.{column} >= {began} AND m.{column} < {to}
GROUP BY 3
"""


@dataclass(frozen=True)
class TimeCounts:
    """`hours[name][n]`: in the n-th hour after the launch; `days[name][n]`: on the n-th day."""

    began: datetime
    first_day: date
    hours: Mapping[str, list[int]] = field(default_factory=dict)
    days: Mapping[str, list[int]] = field(default_factory=dict)

    def day(self, number: int) -> date:
        """The day of this number."""
        return self.first_day + timedelta(days=number)

    def hour(self, number: int) -> datetime:
        """When the hour of this number began."""
        return self.began + timedelta(hours=number)


def by_time(campaign: Campaign) -> TimeCounts | None:
    """As far as it is by now; None before the launch. One query."""
    began = campaign.launched_at
    if began is None:
        return None
    first, now = began.astimezone(workspace_zone()).date(), timezone.now()
    last_day = begins(first + timedelta(days=DAYS))
    parts = [
        sql(
            _COUNTS,
            name=name,
            unit=unit,
            column=Sql(column),
            began=began,
            to=to,
            zone=workspace_zone().key,
            day=first,
            campaign=campaign.pk,
        )
        for name, column in WHEN.items()
        for unit, to in (("hour", began + timedelta(hours=HOURS)), ("day", last_day))
    ]
    hours = min(HOURS, int((now - began).total_seconds() // 3600) + 1)
    days = min(DAYS, (now.astimezone(workspace_zone()).date() - first).days + 1)
    found = TimeCounts(
        began,
        first,
        {name: [0] * hours for name in WHEN},
        {name: [0] * days for name in WHEN},
    )
    for name, unit, number, count in run(UNION_ALL.joined(parts)):
        row = (found.hours if unit == "hour" else found.days)[name]
        if 0 <= number < len(row):
            row[number] += count
    return found


def happened_on(name: str, day: date) -> Q:
    """The messages to which it first happened on a day of the workspace, as a condition."""
    column = WHEN[name]
    return Q(**{f"{column}__gte": begins(day), f"{column}__lt": ends(day)})


def happened_in(name: str, since: datetime) -> Q:
    """The same within the hour that began then."""
    column = WHEN[name]
    return Q(**{f"{column}__gte": since, f"{column}__lt": since + timedelta(hours=1)})
