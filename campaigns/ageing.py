"""What of campaigns a retention rule may take, and how a message says that somebody was there."""

from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from campaigns.models import Message
from config.postgres.sql import Sql, sql
from consent.retention.classes import ANONYMISE
from consent.retention.people import SEEN
from consent.retention.tables import AgedTable, aged

WAITING: Final = "'queued', 'handing_over'"


@SEEN.register("messages", order=20)
def _opened_something(since: datetime) -> Sql:
    """They opened a mail themselves, or clicked in one."""
    return sql(
        "EXISTS (SELECT FROM message m WHERE m.profile_id IN (SELECT p.id UNION ALL SELECT o.id"
        " FROM profile o WHERE o.merged_into_id = p.id)"
        " AND greatest(m.opened_at, m.clicked_at) >= {since})",
        since=since,
    )


aged(
    "message",
    AgedTable(
        "message",
        "queued_at",
        ended=f"t.state NOT IN ({WAITING})",
        person="profile_id",
        emptied=Message.belongs.scrubbed,
    ),
    label=_("Messages that were sent"),
    explained=_(
        "Address, content made for the person and the provider's words are emptied. That a message"
        " went out, by which permission and what came of it stays, and with it every report."
    ),
    without=_("for ever, as proof of what was sent with which permission"),
    acts=(ANONYMISE,),
    least_days=30,
    order=25,
)
aged(
    "enrolment_transition",
    AgedTable("enrolment_transition", "at", person="profile_id"),
    label=_("Ways through campaigns"),
    explained=_("Which step somebody went to, and what decided."),
    setting="TRANSITION_DAYS",
    order=45,
)
