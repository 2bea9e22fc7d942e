"""The gate: who of an audience gets a message, and for everyone else the one reason why not.

One expression, in the one fixed order, asked at three moments: by the
rehearsal, when messages are queued, and (in the part that can change meanwhile) at hand-over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from campaigns.gate.branches import Branch, detail_of, reason_of, said_of
from campaigns.gate.legal_hours import LegalHours
from campaigns.gate.person_day import day_of, join_day
from campaigns.gate.quiet_hours import QuietHours
from campaigns.models.message import MessageReason
from campaigns.people.whose import JOIN_OWNER, PERSON
from config.postgres.sql import EMPTY, FALSE, OR, Sql, every, sql
from config.workspace.frequency import CHANNEL, TAG, TOTAL, Frequency
from consent.channels import contact_kind
from consent.ledger.standing import Narrow
from consent.models import Purpose
from consent.reach.contactable import is_free
from consent.reach.judging import judged_addresses, narrowed, reach
from consent.reach.profiling import objected
from consent.reach.refusing import why_not_permitted, why_suppressed

ORDER: Final[tuple[str, ...]] = tuple(MessageReason.values)
BUCKETS = 10_000
Shuffle = tuple[int, int, int, int]
NO_SHUFFLE: Shuffle = (1, 0, 0, 0)
# sub-reasons of the gate's own, beside those of `consent.reach.refusing`
OWN_LIMIT, GENERAL_CONTROL = "own_limit", "general_control"


@dataclass(frozen=True)
class Terms:
    """What the gate has to know about a send.

    `zone` is the workspace's; `shuffle` reorders the buckets. `general` is the share of people who
    get no marketing at all, whatever the campaign.
    """

    purpose: Purpose
    channel: str
    now: datetime
    due_at: datetime
    expires_at: datetime
    zone: str = "UTC"
    topic_id: int | None = None
    caps: Sequence[Frequency] = ()
    tags: Sequence[str] = ()
    quiet: QuietHours | None = None
    hours: LegalHours | None = None
    holdout: float = 0.0
    shuffle: Shuffle = NO_SHUFFLE
    general: float = 0.0
    general_shuffle: Shuffle = NO_SHUFFLE
    segment_id: int = 0
    campaign_id: int = 0
    fresh: Sql = EMPTY  # a test on `m.profile_id`: who was in before is not asked about
    has_own_limits: bool = False  # whether anybody has a limit of their own
    per_second: float = 0.0  # how many leave a second; 0 for as many as can
    is_profiling: bool = False  # built on what was worked out about people

    @property
    def is_marketing(self) -> bool:
        """Whether the messages are marketing: those that caps are about."""
        return self.purpose.purpose_class == Purpose.Class.MARKETING

    @property
    def limits(self) -> Sequence[Frequency]:
        """How often is enough; all of them hold."""
        return self.caps if self.is_marketing else ()

    @property
    def is_timed(self) -> bool:
        """Whether it matters what time it is for each person."""
        return self.quiet is not None or self.hours is not None

    @property
    def holds(self) -> bool:
        """Whether what comes at the wrong time waits; else it is dropped."""
        return self.quiet is None or self.quiet.hold

    @property
    def is_limited(self) -> bool:
        """Whether what people got lately matters."""
        return self.is_marketing and bool(self.caps or self.has_own_limits)


_JUDGED = """
SELECT a.profile_id, p.bucket, {draw} AS draw, r.address, r.owner_id, r.entry_id,
       {due} AS due_at, {day} AS day, {reason} AS reason, {detail} AS detail, {said} AS said_id
FROM {people} a
JOIN profile p ON p.id = a.profile_id{narrow}
LEFT JOIN ({reach}) r ON r.profile_id = a.profile_id
{joins}
"""


def judged(
    terms: Terms,
    people: Sql,
    *,
    narrow: Narrow | None = None,
    borrowed: bool = False,
    taken: Sql | None = None,
    repeated: Sql = EMPTY,
    few: bool = False,
) -> Sql:
    """One line for each of `people`: `profile_id, bucket, draw, address, entry_id, due_at, day,
    reason, detail, said_id`.

    `reason` is "" for who gets a message; `day` is the day that it is for them. `detail` says more
    of a reason, where more is known, and `said_id` is the entry or the suppression that shows it.
    `people` is a relation with `profile_id`; `narrow` says
    its range again. With `borrowed`, addresses count that are another person's identifier; `taken`
    is then a condition on `r.owner_id` that says whether the owner is written to already, as
    `repeated` is one on `a` and `r.address` that says that they have it there themselves. `few`:
    some dozens of people, whose suppressions are looked up one by one.
    """
    lines = reach(
        people,
        purpose=terms.purpose,
        channel=terms.channel,
        topic_id=terms.topic_id,
        narrow=narrow,
        borrowed=borrowed,
        few=few,
    )
    pieces = _Pieces(terms, people, narrow)
    branches = pieces.branches(taken, repeated)
    return sql(
        _JUDGED,
        people=people,
        narrow=narrowed(narrow, "p.id"),
        reach=lines,
        draw=pieces.draw,
        due=pieces.due,
        day=pieces.day,
        reason=reason_of(branches),
        detail=detail_of(branches),
        said=said_of(branches),
        joins=pieces.joins,
    )


# of many: each row of theirs that matters is read once; of few, or by limits of their own: of each
_COUNTS_OF_MANY = """LEFT JOIN (SELECT k.profile_id, {reached} AS reached
    FROM {people} b JOIN contact_count k ON k.profile_id = b.profile_id{narrow}
    JOIN profile p ON p.id = k.profile_id{whose} {join_day}
    WHERE {on} AND k.day > {day} - {days} GROUP BY 1) c ON c.profile_id = a.profile_id"""
_COUNTS_OF_EACH = """LEFT JOIN LATERAL (SELECT {reached} AS reached{own} FROM contact_count k
    WHERE k.profile_id = a.profile_id AND {on} AND k.day > {day} - {days}) c ON TRUE"""
# limits of people's own on a channel: the strictest of each (`consent.volume`)
_OWN_LIMITS = """LEFT JOIN (SELECT v.profile_id, max(v.per_days) AS per_days, min(v.count) AS n
    FROM own_limit v WHERE v.channel = {channel} GROUP BY 1) o ON o.profile_id = a.profile_id"""


def _standing(line: str, person: str, purpose: Purpose) -> list[Branch]:
    """What is asked at every moment: over a line of `reach` and its profile `p`."""
    found = [
        Branch(Sql("p.state <> 'active'"), MessageReason.FROZEN, Sql("p.state")),
        Branch(Sql(f"{line}.address IS NULL"), MessageReason.NO_ADDRESS),
        Branch(
            Sql(f"{line}.suppressed"),
            MessageReason.SUPPRESSED,
            why_suppressed(line),
            Sql(f"{line}.suppression_id"),
        ),
    ]
    if is_free(purpose):
        return found
    unpermitted = Branch(
        Sql(f"{line}.entry_id IS NULL"),
        MessageReason.NO_PERMISSION,
        why_not_permitted(line, person),
        Sql(f"{line}.said_id"),
    )
    return [*found, unpermitted]


def unless_objected(person: Sql) -> Sql:
    """A branch for a campaign that is built on profiling, over a person of today."""
    return sql("WHEN {objected} THEN 'objected'", objected=objected(person))


class _Pieces:
    """The clauses that depend on the terms; what a send does not ask for costs nothing."""

    def __init__(self, terms: Terms, people: Sql, narrow: Narrow | None) -> None:
        self.terms, self.people, self.narrow = terms, people, narrow

    @property
    def joins(self) -> Sql:
        return Sql("\n").joined((self._days, self._counts, self._zones))

    @property
    def day(self) -> Sql:
        """What a message counts on, where it counts."""
        if not self.terms.is_marketing:
            return Sql("NULL::date")
        return day_of(self.terms.now, self.terms.zone)

    @property
    def _days(self) -> Sql:
        return join_day(self.terms.now, self.terms.zone) if self.terms.is_marketing else EMPTY

    def branches(self, taken: Sql | None, repeated: Sql) -> list[Branch]:
        """In the order of `ORDER`."""
        late = sql("{now} >= {expires}", now=self.terms.now, expires=self.terms.expires_at)
        return [
            *_standing("r", "a.profile_id", self.terms.purpose),
            *self._objected,
            *self._duplicate(taken, repeated),
            *self._capped,
            *self._quiet,
            Branch(late, MessageReason.EXPIRED),
            *self._holdout,
        ]

    @property
    def _objected(self) -> list[Branch]:
        if not self.terms.is_profiling:
            return []
        return [Branch(objected(Sql("a.profile_id")), MessageReason.OBJECTED)]

    def _duplicate(self, taken: Sql | None, repeated: Sql) -> list[Branch]:
        """Only who borrows an address can share it: identifiers are unique."""
        tests = [repeated] if repeated.text else []
        if taken is not None:
            tests += [
                sql("r.owner_id <> a.profile_id AND ({taken})", taken=taken),
                Sql(
                    "r.owner_id <> a.profile_id AND r.entry_id IS NOT NULL AND a.profile_id <> "
                    "min(a.profile_id) FILTER (WHERE p.state = 'active' AND NOT r.suppressed"
                    " AND r.entry_id IS NOT NULL) OVER (PARTITION BY r.address)"
                ),
            ]
        return [Branch(test, MessageReason.DUPLICATE_ADDRESS) for test in tests]

    @property
    def _capped(self) -> list[Branch]:
        """By their own limit first: changing ours would not bring them the message."""
        found = []
        if self.terms.is_marketing and self.terms.has_own_limits:
            found.append(Branch(Sql("c.own"), MessageReason.CAPPED, Sql(f"'{OWN_LIMIT}'")))
        if self.terms.limits:
            found.append(Branch(Sql("c.reached"), MessageReason.CAPPED))
        return found

    @property
    def _counts(self) -> Sql:
        if not self.terms.is_limited:
            return EMPTY
        limits, own = self.terms.limits, self.terms.has_own_limits
        whole = all(one.scope == CHANNEL for one in limits)  # then its own rows alone are read
        days: Sql = sql("{days}::int", days=max((one.per_days for one in limits), default=0))
        is_many = self.narrow is not None and not own
        counts = sql(
            _COUNTS_OF_MANY if is_many else _COUNTS_OF_EACH,
            people=self.people,
            narrow=narrowed(self.narrow, "k.profile_id"),
            whose=narrowed(self.narrow, "p.id"),
            join_day=self._days,
            reached=OR.joined(map(self._reached, limits)) if limits else FALSE,
            own=sql(", {own} AS own", own=self._reached_own) if own else EMPTY,
            on=self._on_channel if whole else Sql("TRUE"),
            day=self.day,
            days=sql("greatest({days}, o.per_days)", days=days) if own else days,
        )
        return sql("{limits} {counts}", limits=self._own_limits, counts=counts) if own else counts

    @property
    def _own_limits(self) -> Sql:
        return sql(_OWN_LIMITS, channel=self.terms.channel)

    @property
    def _on_channel(self) -> Sql:
        return sql("k.channel = {channel} AND k.tag = ''", channel=self.terms.channel)

    @property
    def _reached_own(self) -> Sql:
        """A limit of the person's own (`o`), if they have one."""
        return sql(
            "coalesce(o.per_days IS NOT NULL AND coalesce(sum(k.n) FILTER (WHERE {counted}"
            " AND k.day > {day} - o.per_days), 0) >= o.n, FALSE)",
            counted=self._on_channel,
            day=self.day,
        )

    def _reached(self, limit: Frequency) -> Sql:
        return sql(
            "coalesce(sum(k.n) FILTER (WHERE {counted} AND k.day > {day} - {days}::int), 0) >= {n}",
            counted=self._counted(limit),
            day=self.day,
            days=limit.per_days,
            n=limit.count,
        )

    def _counted(self, limit: Frequency) -> Sql:
        """Which counts `k` a limit is about; with tag "" every message is counted once."""
        if limit.scope == TAG:
            return sql("k.tag = {tag}", tag=limit.tag)
        if limit.scope == TOTAL:
            return Sql("k.tag = ''")
        return self._on_channel

    @property
    def _zones(self) -> Sql:
        terms = self.terms
        if terms.hours is not None:
            return self._legal_zones(terms.hours)
        if terms.quiet is None:
            return EMPTY
        names, ends = zip(*terms.quiet.ends(terms.due_at), strict=True)
        # a zone that a profile only claims joins nothing: the workspace's clock then
        return sql(
            "LEFT JOIN unnest({zones}::text[], {ends}::timestamptz[]) AS z(name, ends)"
            " ON z.name = p.time_zone CROSS JOIN LATERAL (SELECT CASE WHEN z.name IS NULL"
            " THEN {home}::timestamptz ELSE z.ends END AS ends) l",
            zones=list(names),
            ends=list(ends),
            home=terms.quiet.until(terms.due_at, ZoneInfo(terms.zone)),
        )

    def _legal_zones(self, hours: LegalHours) -> Sql:
        """By the group of places and the zone; both are few, so that they are hashed."""
        terms = self.terms
        numbers, names, ends = zip(*hours.ends(terms.due_at, terms.quiet), strict=True)
        homes = hours.homes(terms.due_at, terms.quiet, ZoneInfo(terms.zone))
        return sql(
            "CROSS JOIN LATERAL (SELECT {group} AS g) y2 LEFT JOIN unnest({numbers}::int[],"
            " {zones}::text[], {ends}::timestamptz[]) AS z(g, name, ends)"
            " ON z.g = y2.g AND z.name = p.time_zone LEFT JOIN unnest({groups}::int[],"
            " {homes}::timestamptz[]) AS h(g, ends) ON h.g = y2.g CROSS JOIN LATERAL"
            " (SELECT CASE WHEN z.name IS NULL THEN h.ends ELSE z.ends END AS ends) l",
            group=hours.group,
            numbers=list(numbers),
            zones=list(names),
            ends=list(ends),
            groups=[n for n, _end in homes],
            homes=[end for _n, end in homes],
        )

    @property
    def due(self) -> Sql:
        """Held until the quiet and the unlawful hours of this person end."""
        due = sql("{due_at}::timestamptz", due_at=self.terms.due_at)
        return sql("coalesce(l.ends, {due})", due=due) if self.terms.is_timed else due

    @property
    def _quiet(self) -> list[Branch]:
        if not self.terms.is_timed:
            return []
        tests = [Sql("l.ends IS NOT NULL")]
        if self.terms.holds:  # then only who would wait too long gets nothing
            expires = self.terms.expires_at
            tests.append(sql("{due} >= {expires}", due=self.due, expires=expires))
        return [Branch(every(tests), MessageReason.QUIET_HOURS)]

    @property
    def draw(self) -> Sql:
        """0 to 9999, even over people, another order in each campaign, the same at each asking."""
        return _shuffled(Sql("p.bucket"), self.terms.shuffle)

    @property
    def _holdout(self) -> list[Branch]:
        """Whom the workspace keeps from all marketing, then this campaign's own control group."""
        terms = self.terms
        general = _shuffled(Sql("p.bucket"), terms.general_shuffle)
        lots = (
            (general, terms.general, Sql(f"'{GENERAL_CONTROL}'")),
            (self.draw, terms.holdout, EMPTY),
        )
        return [
            Branch(
                sql("{draw} < {least}", draw=draw, least=round(share * BUCKETS)),
                MessageReason.HOLDOUT,
                detail,
            )
            for draw, share, detail in lots
            if share > 0
        ]


# What can change between queueing and hand-over, of messages that are queued already. `m` holds the
# messages; the owner's identifier gives the digest that suppression goes by. Who was merged since
# is asked about as who they are today (`profile_id`); the message stays under its own (`key_id`),
# and so does the entry that it was queued on.
_QUEUED = f"""
SELECT {PERSON} AS profile_id, m.profile_id AS key_id, m.id AS message_id, m.address, i.digest,
       i.deliverability
FROM {{messages}} m {JOIN_OWNER}
LEFT JOIN identifier_key k ON k.kind = {{kind}} AND k.value = m.address
LEFT JOIN identifier i ON i.profile_id = k.profile_id AND i.id = k.id
"""  # noqa: S608 - pieces of ours
_STILL = """
SELECT q.key_id AS profile_id, q.message_id,
       CASE WHEN q.key_id = q.profile_id THEN q.entry_id END AS entry_id,
       {reason} AS reason, {detail} AS detail, {said} AS said_id
FROM ({judged}) q
JOIN profile p ON p.id = q.profile_id
JOIN message m ON m.profile_id = q.key_id AND m.id = q.message_id
"""


def still_allowed(
    messages: Sql,
    *,
    purpose: Purpose,
    channel: str,
    topic_id: int | None,
    now: datetime,
    since: Sql = EMPTY,
) -> Sql:
    """The gate again for queued messages: `profile_id, message_id, entry_id, reason` ("" allowed),
    `detail, said_id`.

    `messages` is a relation with `profile_id, owner_id, id, address`; `since` are further branches
    of the CASE, over the message `m` and `q.profile_id`, who the person is today, for what may have
    happened since it was queued.
    """
    addresses = judged_addresses(
        sql(_QUEUED, messages=messages, kind=contact_kind(channel)),
        purpose=purpose,
        channel=channel,
        topic_id=topic_id,
        few=True,
    )
    late = sql("m.expires_at <= {now}", now=now)
    branches = [
        *_standing("q", "q.profile_id", purpose),
        Branch(late, MessageReason.EXPIRED),
    ]
    return sql(
        _STILL,
        judged=addresses,
        reason=reason_of(branches, since),
        detail=detail_of(branches),
        said=said_of(branches),
    )


def arm_of(shares: Sequence[float], shuffle: Shuffle) -> Sql:
    """Which of these shares (they add up to 1) the `bucket` of a line falls into, from 0 on."""
    drawn = _shuffled(Sql("bucket"), shuffle)
    return sql("width_bucket({drawn}, {cuts}::int[])", drawn=drawn, cuts=_cuts(shares))


def _shuffled(bucket: Sql, shuffle: Shuffle) -> Sql:
    """By Horner's scheme, with a remainder in between: each product stays within 32 bits."""
    a, b, c, d = shuffle
    text = "((({d}::int * {x} + {c}::int) %% N * {x} + {a}::int) %% N * {x} + {b}::int) %% N"
    return sql(f"({text.replace('N', str(BUCKETS))})", x=bucket, a=a, b=b, c=c, d=d)


def _cuts(shares: Sequence[float]) -> list[int]:
    """Where one share's buckets end and the next one's begin."""
    found, total = [], 0.0
    for share in shares[:-1]:
        total += share
        found.append(round(total * BUCKETS))
    return found or [BUCKETS]
