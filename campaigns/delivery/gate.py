"""The gate: who of an audience gets a message, and for everyone else the one reason why not.

One expression, in the one fixed order (semantics.md section 15), asked at three moments: by the
rehearsal, when messages are queued, and (in the part that can change meanwhile) at hand-over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from campaigns.delivery.quiet_hours import QuietHours
from campaigns.models.message import Reason
from consent.models import Purpose
from consent.selectors.contactable import is_free
from consent.selectors.reach import Query, judged_addresses, reach

ORDER: Final[tuple[str, ...]] = tuple(Reason.values)
BUCKETS = 10_000


@dataclass(frozen=True)
class Cap:
    """At most `count` marketing messages on this channel within `days` calendar days."""

    count: int
    days: int


@dataclass(frozen=True)
class Terms:
    """What the gate has to know about a send. `zone` is the workspace's; `shuffle` is (a, b)."""

    purpose: Purpose
    channel: str
    now: datetime
    due_at: datetime
    expires_at: datetime
    zone: str = "UTC"
    topic_id: int | None = None
    cap: Cap | None = None
    quiet: QuietHours | None = None
    holdout: float = 0.0
    shuffle: tuple[int, int] = (1, 0)
    segment_id: int = 0
    campaign_id: int = 0


_JUDGED = """
SELECT a.profile_id, p.bucket, {draw} AS draw, r.address, r.owner_id, r.entry_id,
       {due} AS due_at,
       CASE WHEN p.state <> 'active' THEN 'frozen'
            WHEN r.address IS NULL THEN 'no_address'
            WHEN r.suppressed THEN 'suppressed'
            {permission}
            {duplicate}
            {capped}
            {quiet}
            WHEN %(now)s >= %(expires_at)s THEN 'expired'
            {holdout}
            ELSE '' END AS reason
FROM {people} a
JOIN profile p ON p.id = a.profile_id{narrow}
LEFT JOIN ({reach}) r ON r.profile_id = a.profile_id
{joins}
"""


def judged(
    terms: Terms,
    people: str,
    *,
    narrow: str = "",
    borrowed: bool = False,
    taken: str = "",
) -> Query:
    """One line for each of `people`: `profile_id, bucket, draw, address, entry_id, due_at, reason`.

    `reason` is "" for who gets a message. `people` is a relation with `profile_id`; `narrow` says
    its range again (`{}.profile_id > ...`). With `borrowed`, addresses count that are another
    person's identifier; `taken` is then a condition on `r.owner_id` that says whether the owner is
    written to already.
    """
    lines = reach(
        people,
        purpose=terms.purpose,
        channel=terms.channel,
        topic_id=terms.topic_id,
        narrow=narrow,
        borrowed=borrowed,
    )
    pieces = _Pieces(terms)
    sql = _JUDGED.format(
        people=people,
        narrow=f" AND {narrow.format('p').replace('p.profile_id', 'p.id')}" if narrow else "",
        reach=lines.sql,
        draw=pieces.draw,
        due=pieces.due,
        permission=pieces.permission,
        duplicate=pieces.duplicate(taken),
        capped=pieces.capped,
        quiet=pieces.quiet,
        holdout=pieces.holdout,
        joins=pieces.joins,
    )
    return Query(sql, {**lines.parameters, **pieces.parameters})


class _Pieces:
    """The clauses that depend on the terms; what a send does not ask for costs nothing."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.parameters: dict[str, Any] = {
            "now": terms.now,
            "due_at": terms.due_at,
            "expires_at": terms.expires_at,
        }
        self.joins = "\n".join(filter(None, (self._join_counts(), self._join_zones())))

    @property
    def permission(self) -> str:
        free = is_free(self.terms.purpose)
        return "" if free else "WHEN r.entry_id IS NULL THEN 'no_permission'"

    def duplicate(self, taken: str) -> str:
        """Only who borrows an address can share it: identifiers are unique."""
        if not taken:
            return ""
        return (
            f"WHEN r.owner_id <> a.profile_id AND ({taken}) THEN 'duplicate_address' "
            "WHEN r.owner_id <> a.profile_id AND r.entry_id IS NOT NULL AND a.profile_id <> "
            "min(a.profile_id) FILTER (WHERE p.state = 'active' AND NOT r.suppressed"
            " AND r.entry_id IS NOT NULL) OVER (PARTITION BY r.address) THEN 'duplicate_address'"
        )

    @property
    def capped(self) -> str:
        return "WHEN coalesce(c.n, 0) >= %(cap)s THEN 'capped'" if self._caps else ""

    @property
    def _caps(self) -> bool:
        marketing = self.terms.purpose.purpose_class == Purpose.Class.MARKETING
        return self.terms.cap is not None and marketing

    def _join_counts(self) -> str:
        if not self._caps or self.terms.cap is None:
            return ""
        self.parameters |= {
            "cap": self.terms.cap.count,
            "cap_days": self.terms.cap.days,
            "zone": self.terms.zone,
        }
        return (
            "LEFT JOIN LATERAL (SELECT sum(k.n) AS n FROM contact_count k"
            " WHERE k.profile_id = a.profile_id AND k.channel = %(channel)s"
            " AND k.day > (%(now)s AT TIME ZONE %(zone)s)::date - %(cap_days)s::int) c ON TRUE"
        )

    def _join_zones(self) -> str:
        if self.terms.quiet is None:
            return ""
        home = self.terms.quiet.until(self.terms.due_at, ZoneInfo(self.terms.zone))
        names, ends = zip(*self.terms.quiet.ends(self.terms.due_at), strict=True)
        self.parameters |= {"zones": list(names), "quiet_ends": list(ends), "quiet_home": home}
        # a zone that a profile only claims joins nothing: the workspace's clock then
        return (
            "LEFT JOIN unnest(%(zones)s::text[], %(quiet_ends)s::timestamptz[]) AS z(name, ends)"
            " ON z.name = p.time_zone CROSS JOIN LATERAL (SELECT CASE WHEN z.name IS NULL"
            " THEN %(quiet_home)s::timestamptz ELSE z.ends END AS ends) l"
        )

    @property
    def due(self) -> str:
        """Held until the quiet hours of this person end."""
        if self.terms.quiet is None:
            return "%(due_at)s::timestamptz"
        return "coalesce(l.ends, %(due_at)s::timestamptz)"

    @property
    def quiet(self) -> str:
        if self.terms.quiet is None:
            return ""
        held = "" if not self.terms.quiet.hold else f" AND {self.due} >= %(expires_at)s"
        return f"WHEN l.ends IS NOT NULL{held} THEN 'quiet_hours'"

    @property
    def draw(self) -> str:
        """0 to 9999, even over people, another order in each campaign, the same at each asking."""
        a, b = self.terms.shuffle
        self.parameters |= {"shuffle_a": a, "shuffle_b": b}
        return f"((p.bucket * %(shuffle_a)s::bigint + %(shuffle_b)s) %% {BUCKETS})::int"

    @property
    def holdout(self) -> str:
        if self.terms.holdout <= 0:
            return ""
        self.parameters["holdout"] = round(self.terms.holdout * BUCKETS)
        return f"WHEN {self.draw} < %(holdout)s THEN 'holdout'"


@dataclass(frozen=True)
class Asked:
    """Further branches of a CASE over the message `m`, with their values; none by default."""

    case: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


NOTHING: Final = Asked()


# What can change between queueing and hand-over, of messages that are queued already. `m` holds the
# messages; the owner's identifier gives the digest that suppression goes by.
_QUEUED = """
SELECT m.profile_id, m.id AS message_id, m.address, i.digest, i.deliverability
FROM {messages} m LEFT JOIN identifier i ON i.kind = %(kind)s AND i.value = m.address
"""
_STILL = """
SELECT q.profile_id, q.message_id, q.entry_id,
       CASE WHEN p.state <> 'active' THEN 'frozen'
            WHEN q.suppressed THEN 'suppressed'
            {permission}
            WHEN m.expires_at <= %(now)s THEN 'expired'
            {since}
            ELSE '' END AS reason
FROM ({judged}) q
JOIN profile p ON p.id = q.profile_id
JOIN message m ON m.profile_id = q.profile_id AND m.id = q.message_id
"""


def still_allowed(
    messages: str,
    *,
    purpose: Purpose,
    channel: str,
    topic_id: int | None,
    now: datetime,
    since: str = "",
) -> Query:
    """The gate again for queued messages: `profile_id, message_id, entry_id, reason` ("" allowed).

    `messages` is a relation with `profile_id, id, address`; `since` are further branches of the
    CASE, over the message `m`, for what may have happened since it was queued.
    """
    addresses = judged_addresses(
        _QUEUED.format(messages=messages),
        purpose=purpose,
        channel=channel,
        topic_id=topic_id,
        few=True,
    )
    free = is_free(purpose)
    sql = _STILL.format(
        judged=addresses.sql,
        permission="" if free else "WHEN q.entry_id IS NULL THEN 'no_permission'",
        since=since,
    )
    return Query(sql, {**addresses.parameters, "now": now})
