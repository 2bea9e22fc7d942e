"""What an erasure does to campaigns: nothing more goes out, and what went out names nobody."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaigns.models import Message
from campaigns.people.whose import written_to_any
from config.postgres.sql import Sql, one, sql
from config.workspace.tables.belonging import Erased
from consent.models.exceptions import DataClass
from consent.privacy.erasure.exceptions import KEEPABLE, KeepableRows
from consent.privacy.holdings import HOLDINGS, LEAVING, UNDER_WAY, Holding
from consent.privacy.subject import DataSubject

_STOP_MESSAGES = """
UPDATE message t SET state = 'excluded', reason = 'frozen', detail = 'erased', decided_at = now()
WHERE t.state = 'queued' AND {theirs}
"""
_STOP_JOURNEYS = """
UPDATE enrolment e SET ended_at = now(), end_reason = 'frozen', due_at = NULL, lease = NULL
WHERE e.profile_id = ANY({people}::bigint[]) AND e.ended_at IS NULL
"""
_SENT_WITH = "(SELECT max(m.sent_at) FROM message m WHERE m.content_version_id = t.id)"


@LEAVING.register("campaigns")
def leave(cursor: Any, subject: DataSubject) -> None:
    """Nothing that waits goes out, and no journey goes on."""
    sql(_STOP_MESSAGES, theirs=written_to_any(subject.ever)).on(cursor)
    sql(_STOP_JOURNEYS, people=list(subject.ever)).on(cursor)


@UNDER_WAY.register("messages")
def is_under_way(subject: DataSubject) -> bool:
    """A mail of theirs is being handed over: the server's words may quote their address."""
    handing = sql(
        "SELECT EXISTS (SELECT FROM message t WHERE t.state = 'handing_over' AND {theirs})",
        theirs=written_to_any(subject.ever),
    )
    return bool(one(handing)[0])


@KEEPABLE.register(DataClass.MESSAGES)
def _that_left() -> Mapping[str, KeepableRows]:
    """What was handed over, and what was written for it alone."""
    return {
        "message": KeepableRows(Sql("t.sent_at IS NOT NULL"), Sql("t.sent_at")),
        "content_version": KeepableRows(Sql("TRUE"), Sql(_SENT_WITH)),
    }


@HOLDINGS.register("messages", order=5)
def _messages(subject: DataSubject) -> Iterable[Holding]:
    """Contents that were written for them alone first, while their messages still name them."""
    theirs = written_to_any(subject.ever)
    yield Holding(
        "content_version",
        sql(
            "t.version_id IS NULL AND t.id IN (SELECT t.content_version_id FROM message t"
            " WHERE {theirs}) AND NOT EXISTS (SELECT FROM message o"
            " WHERE o.content_version_id = t.id AND NOT (o.profile_id = ANY({people}::bigint[])))",
            theirs=theirs,
            people=list(subject.ever),
        ),
        Erased.SCRUBBED,
        emptied={"compiled": "'{}'"},
    )
    belongs = Message.belongs
    yield Holding("message", theirs, Erased.SCRUBBED, _(belongs.why), belongs.scrubbed)
    # to their address, under another's key
    yield Holding(
        "message",
        sql("t.address = ANY({points}::text[])", points=subject.points),
        Erased.SCRUBBED,
        _(belongs.why),
        belongs.scrubbed,
    )
