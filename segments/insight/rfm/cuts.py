"""The cuts in force: made anew once a day, and the moment that another event is chosen."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from config.postgres.sql import sql
from config.workspace.selectors import workspace
from config.workspace.stored import change_setting
from config.workspace.tables.statistics import joining_by_hash
from config.workspace.work.alone import alone
from profiles.changes import redefined
from profiles.language.question import Question
from profiles.selectors.revenue import revenue_events
from segments.insight.rfm.scoring import RfmCutPoints, RfmTerms, cut
from segments.models import RfmCut

SETTING: Final = "rfm"
EVERY: Final = timedelta(days=1)
DAYS: Final = 365
MOST_DAYS: Final = 3650
USUAL: Final = "Order Completed"
RFM: Final = "rfm"  # what rules depend on


def terms() -> RfmTerms:
    """The chosen event and look-back; else the first event of revenue, for a year."""
    chosen = workspace().setting(SETTING, None) or {}
    if chosen.get("event"):
        return RfmTerms(chosen["event"], int(chosen.get("days", DAYS)))
    sales = sorted(revenue_events().sales)
    event = USUAL if USUAL in sales or not sales else sales[0]
    return RfmTerms(event, DAYS)


@transaction.atomic
def choose(event: str, days: int) -> None:
    """Another event or look-back; segments by RFM group are counted by it at once."""
    change_setting(SETTING, lambda _before: {"event": event, "days": days})
    cut_now()


_IN_FORCE: Final = """
SELECT event, days, people, recency, frequency, money FROM rfm_cut WHERE at <= {moment}
ORDER BY at DESC LIMIT 1
"""


def cut_points(context: Question) -> RfmCutPoints | None:
    """Those in force at the moment of the question; None where none were made by then. One query,
    however many conditions of a statement ask.
    """
    for event, days, *of in context.remembered(sql(_IN_FORCE, moment=context.moment)):
        return RfmCutPoints(RfmTerms(event, days), *of)
    return None


def cut_daily() -> int:
    """Make them anew where they are a day old; how many were made."""
    if RfmCut.objects.filter(at__gt=timezone.now() - EVERY).exists():
        return 0
    with alone("rfm") as is_ours:
        if is_ours:
            cut_now()
        return int(is_ours)


@transaction.atomic
def cut_now() -> None:
    """Make them of this moment, and have the segments follow."""
    now = timezone.now()
    with joining_by_hash():
        found = cut(terms(), Question(as_of=now))
    RfmCut.objects.create(
        at=now,
        event=found.terms.event,
        days=found.terms.days,
        people=found.people,
        recency=list(found.recency),
        frequency=list(found.frequency),
        money=list(found.money),
    )
    redefined(RFM)
