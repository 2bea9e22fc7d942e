"""What an erasure does to campaigns: nothing more goes out, and what went out names nobody."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaigns.models import Message
from config.postgres.sql import one, sql
from consent.privacy.holdings import HOLDINGS, LEAVING, SCRUB, UNDER_WAY, Holding
from consent.privacy.subject import DataSubject

# whose a message is, as `campaigns.people.whose` has it
_THEIRS = """(t.profile_id = ANY({people}::bigint[]) AND t.owner_id IS NULL
    OR t.owner_id = ANY({people}::bigint[]))"""
_STOP = (
    "UPDATE message t SET state = 'excluded', reason = 'frozen' WHERE t.state = 'queued'"
    " AND (t.profile_id = ANY(%(people)s) AND t.owner_id IS NULL OR t.owner_id = ANY(%(people)s))",
    "UPDATE enrolment e SET ended_at = now(), end_reason = 'frozen', due_at = NULL, lease = NULL"
    " WHERE e.profile_id = ANY(%(people)s) AND e.ended_at IS NULL",
)


@LEAVING.register("campaigns")
def leave(cursor: Any, subject: DataSubject) -> None:
    """Nothing that waits goes out, and no journey goes on."""
    for statement in _STOP:
        cursor.execute(statement, {"people": list(subject.ever)})


@UNDER_WAY.register("messages")
def is_under_way(subject: DataSubject) -> bool:
    """A mail of theirs is being handed over: the server's words may quote their address."""
    handing = sql(
        "SELECT EXISTS (SELECT FROM message t WHERE t.state = 'handing_over' AND {theirs})",
        theirs=sql(_THEIRS, people=list(subject.ever)),
    )
    return bool(one(handing)[0])


@HOLDINGS.register("messages", order=5)
def _messages(subject: DataSubject) -> Iterable[Holding]:
    """Contents that were written for them alone first, while their messages still name them."""
    theirs = sql(_THEIRS, people=list(subject.ever))
    yield Holding(
        "content_version",
        sql(
            "t.version_id IS NULL AND t.id IN (SELECT t.content_version_id FROM message t"
            " WHERE {theirs}) AND NOT EXISTS (SELECT FROM message o"
            " WHERE o.content_version_id = t.id AND NOT (o.profile_id = ANY({people}::bigint[])))",
            theirs=theirs,
            people=list(subject.ever),
        ),
        SCRUB,
        emptied={"compiled": "'{}'"},
    )
    belongs = Message.belongs
    yield Holding("message", theirs, SCRUB, _(belongs.why), belongs.scrubbed)
    # to their address, under another's key
    yield Holding(
        "message",
        sql("t.address = ANY({points}::text[])", points=subject.points),
        SCRUB,
        _(belongs.why),
        belongs.scrubbed,
    )
