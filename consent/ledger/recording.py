"""The one way into the ledger: statements are appended, never changed, and the state follows."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from config.postgres.sql import Sql
from config.workspace import audit
from consent.forwarding import permissions
from consent.ledger.acts import BLOCKING, OWN_ACTS, UNDONE
from consent.ledger.chain import DIGEST
from consent.ledger.derivation import Scope, derive
from consent.ledger.fitting import Fit
from consent.models import ConsentEntry
from profiles.changes import announce

CHANGE = "consent"  # the name under which changes are announced
LONGEST_WORDING = 2000  # characters
LONGEST_LANGUAGE = 35  # characters; RFC 5646, section 4.4.1


@dataclass(frozen=True)
class Statement:
    """One statement about one permission, ready for the ledger.

    `contact_point` is a normalised address, "" for what is said of the person as a whole.
    `evidence` may hold `act` (form, double_opt_in, recorded_call), `until` with `then` (see
    `consent.ledger.elapsing`), and anything that proves it. `wording` and `language` are what was
    shown; where they are not given, what `evidence` says of them.
    """

    profile_id: int
    purpose_id: int
    channel: str
    status: str
    basis: str
    contact_point: str = ""
    topic_id: int | None = None
    at: datetime | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    source_id: int | None = None
    actor: str = ""
    cites_id: int | None = None
    # kept beside what stands, and changes nothing: nobody proved that it is this person's word
    is_claim: bool = False
    wording: str = ""
    language: str = ""

    @property
    def scope(self) -> Scope:
        """What is derived together."""
        return (self.profile_id, self.purpose_id, self.channel)

    def shown(self, name: str, longest: int) -> str:
        """The `wording` or `language`, as the ledger keeps it."""
        given = getattr(self, name) or self.evidence.get(name)
        return given[:longest] if isinstance(given, str) else ""


def said_again(entry: ConsentEntry, profile_id: int) -> Statement:
    """The same said of another, at its time, by whoever said it, citing it."""
    return Statement(
        profile_id=profile_id,
        purpose_id=entry.purpose_id,
        channel=entry.channel,
        contact_point=entry.contact_point,
        topic_id=entry.topic_id,
        status=entry.status,
        basis=entry.basis,
        source_id=entry.source_id,
        actor=entry.actor,
        at=entry.at,
        evidence=entry.evidence,
        cites_id=entry.pk,
        wording=entry.wording,
        language=entry.language,
    )


@dataclass(frozen=True)
class Recorded:
    """What became of a statement: its entry, whether it counts, and the state after it."""

    id: int
    outcome: str
    state: str


@transaction.atomic
def record_consents(statements: Sequence[Statement]) -> list[Recorded]:
    """Append the statements, derive the states, announce the people; one answer for each, in order.

    A grant after a refusal counts only as a later act of the person; any other is kept as a claim
    with outcome `withdrawal_stands`. Of several about one permission the
    first is recorded first. Some eight statements of SQL for any number of people.
    """
    answers: dict[int, Recorded] = {}
    for positions in _rounds(statements):
        chosen = [statements[position] for position in positions]
        answers |= dict(zip(positions, _record(chosen), strict=True))
    if statements:
        announce(sorted({statement.profile_id for statement in statements}), [CHANGE])
    return [answers[position] for position in range(len(statements))]


def _rounds(statements: Sequence[Statement]) -> Iterable[list[int]]:
    """Positions in rounds, so that no round says two things within one scope."""
    seen: dict[Scope, int] = {}
    rounds: dict[int, list[int]] = {}
    for position, statement in enumerate(statements):
        turn = seen.get(statement.scope, 0)
        seen[statement.scope] = turn + 1
        rounds.setdefault(turn, []).append(position)
    return [rounds[turn] for turn in sorted(rounds)]


_COLUMNS = """unnest(
    %(ids)s::bigint[], %(profiles)s::bigint[], %(points)s::text[], %(purposes)s::bigint[],
    %(channels)s::text[], %(topics)s::bigint[], %(statuses)s::text[], %(bases)s::text[],
    %(sources)s::bigint[], %(actors)s::text[], %(times)s::timestamptz[], %(evidence)s::jsonb[],
    %(cites)s::bigint[], %(claims)s::boolean[], %(wordings)s::text[], %(languages)s::text[])
    AS g(id, profile_id, contact_point, purpose_id, channel, topic_id, status, basis,
         source_id, actor, at, evidence, cites_id, is_claim, wording, language)"""

# The state row is the lock of a permission: whoever holds it sees all entries that came before.
# A new one is `pending` with entry 0 until it is derived, some statements below.
_LOCK = f"""
INSERT INTO consent_state AS c
    (profile_id, contact_point, purpose_id, channel, topic_key, status, basis, source_id, at,
     entry_id)
SELECT profile_id, contact_point, purpose_id, channel, coalesce(topic_id, 0), 'pending', basis,
       source_id, at, 0
FROM {_COLUMNS} ORDER BY profile_id, purpose_id, channel, contact_point, topic_id
ON CONFLICT (profile_id, purpose_id, channel, contact_point, topic_key)
DO UPDATE SET status = c.status
"""  # noqa: S608 - pieces of ours, values are bound

# What the derivation will write beside the named rows: of each permission a round names one.
_WIDEN = f"""
UPDATE consent_state s SET status = s.status
FROM (SELECT profile_id, purpose_id, channel, contact_point, coalesce(topic_id, 0) AS topic_key
      FROM {_COLUMNS} ORDER BY 1, 2, 3) g
WHERE s.profile_id = g.profile_id AND s.purpose_id = g.purpose_id AND s.channel = g.channel
  AND (s.contact_point <> g.contact_point OR s.topic_key <> g.topic_key)
"""  # noqa: S608 - pieces of ours, values are bound

_APPEND = f"""
INSERT INTO consent_entry (id, profile_id, contact_point, purpose_id, channel, topic_id, status,
    basis, source_id, actor, at, recorded_at, evidence, cites_id, wording, language, digest,
    outcome)
SELECT e.id, e.profile_id, e.contact_point, e.purpose_id, e.channel, e.topic_id, e.status, e.basis,
       e.source_id, e.actor, e.at, %(now)s, e.evidence, e.cites_id, e.wording, e.language,
       {DIGEST.text},
       CASE WHEN e.is_claim THEN 'unproven'
            WHEN e.status = 'granted' AND EXISTS (
            SELECT 1 FROM consent_state s
            WHERE s.profile_id = e.profile_id AND s.purpose_id = e.purpose_id
              AND s.channel = e.channel AND s.contact_point IN ('', e.contact_point)
              AND s.topic_key IN (0, coalesce(e.topic_id, 0)) AND s.status = ANY(%(blocking)s)
              AND NOT (coalesce(e.evidence->>'act', '') = ANY(%(acts)s) AND e.at > s.at))
       THEN 'withdrawal_stands' ELSE 'recorded' END
FROM (SELECT * FROM {_COLUMNS}) e, workspace w
RETURNING id, outcome
"""  # noqa: S608 - pieces of ours, values are bound

_FIT = Fit(Sql("g.contact_point"), Sql("coalesce(g.topic_id, 0)"))
_SAME = (
    "{0}.profile_id = g.profile_id AND {0}.purpose_id = g.purpose_id AND {0}.channel = g.channel"
)
_STATES = f"""
SELECT g.id, {_FIT.column("status").text} FROM {_COLUMNS}
{_FIT.joins(Sql("consent_state"), lambda name: Sql(_SAME.format(name))).text}
"""  # noqa: S608 - pieces of ours, values are bound


def _record(statements: Sequence[Statement]) -> list[Recorded]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('consent_entry', 'id'))"
            " FROM generate_series(1, %s)",
            [len(statements)],
        )
        ids = [number for (number,) in cursor.fetchall()]
        given = _parameters(ids, statements)
        cursor.execute(_LOCK, given)
        cursor.execute(_WIDEN, given)
        cursor.execute(_APPEND, given)
        outcomes = dict(cursor.fetchall())
        derive(cursor, [statement.scope for statement in statements])
        cursor.execute(_STATES, given)
        states = dict(cursor.fetchall())
    stand = [states[number] or one.status for number, one in zip(ids, statements, strict=True)]
    permissions.changed(given["profiles"], ids, stand)
    return [
        Recorded(number, outcomes[number], state) for number, state in zip(ids, stand, strict=True)
    ]


def _parameters(ids: Sequence[int], statements: Sequence[Statement]) -> dict[str, Any]:
    now, actor = timezone.now(), str(audit.current_actor())
    return {
        "ids": list(ids),
        "profiles": [s.profile_id for s in statements],
        "points": [s.contact_point for s in statements],
        "purposes": [s.purpose_id for s in statements],
        "channels": [s.channel for s in statements],
        "topics": [s.topic_id for s in statements],
        "statuses": [s.status for s in statements],
        "bases": [s.basis for s in statements],
        "sources": [s.source_id for s in statements],
        "actors": [s.actor or actor for s in statements],
        # what is said to happen later is said now
        "times": [min(s.at, now) if s.at else now for s in statements],
        "evidence": [json.dumps(dict(s.evidence)) for s in statements],
        "cites": [s.cites_id for s in statements],
        "claims": [s.is_claim for s in statements],
        "wordings": [s.shown("wording", LONGEST_WORDING) for s in statements],
        "languages": [s.shown("language", LONGEST_LANGUAGE) for s in statements],
        "now": now,
        "blocking": list(BLOCKING),
        "acts": [*OWN_ACTS, UNDONE],
    }
