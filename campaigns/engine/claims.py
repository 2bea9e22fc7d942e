"""Claims of the executor, each one conditional statement: a lease on people who are due at a step.

A lease is committed before anything is done, so that other workers pass those people by; what is
done is one transaction that begins by renewing it. A process killed in between leaves a lease that
runs out by the database's clock, and whoever comes then finds everything as it was.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from campaigns.leases import CLOCK, lease_time
from config.postgres.sql import Sql, run, sql
from config.workspace.work.due import Left

BATCH: Final = 5_000  # people a transaction: a second or two
_CLOCK: Final = Sql(CLOCK)
Pair = tuple[int, int]  # profile, enrolment

# `e`: on the way, due, and in nobody's hands
_FREE = """e.campaign_id = {campaign} AND e.ended_at IS NULL AND e.due_at <= {now}
    AND (e.lease IS NULL OR e.lease_until < {clock})"""
_FIRST = """
SELECT e.campaign_version_id, e.step FROM enrolment e WHERE {free} ORDER BY e.due_at LIMIT 1
"""
# Whoever waited for another's claim finds the lease. Nothing of the outer conditions leads by an
# index to all who are due, or each of the chosen would be looked for among them.
_CLAIM = """
UPDATE enrolment e SET lease = {lease}, lease_until = {clock} + {span}
FROM (SELECT c.profile_id, c.id FROM (
          SELECT e.profile_id, e.id FROM enrolment e
          WHERE {free} AND e.campaign_version_id = {version} AND e.step = {step}
          ORDER BY e.due_at LIMIT {batch}) c
      ORDER BY c.profile_id, c.id) g
WHERE e.profile_id = g.profile_id AND e.id = g.id AND e.campaign_version_id = {version}
  AND e.step = {step} AND e.ended_at IS NULL AND (e.lease IS NULL OR e.lease_until < {clock})
RETURNING e.profile_id, e.id
"""
_THEIRS = """unnest({profiles}::bigint[], {enrolments}::bigint[]) AS g(profile_id, id)
WHERE e.profile_id = g.profile_id AND e.id = g.id AND e.lease = {lease}"""
_HOLD = """
UPDATE enrolment e SET lease_until = {clock} + {span} FROM {theirs}
  AND e.ended_at IS NULL AND e.step = {step}
RETURNING e.profile_id, e.id
"""
_RELEASE = "UPDATE enrolment e SET lease = NULL, lease_until = NULL FROM {theirs}"
_LEFT = """
SELECT count(*), count(*) FILTER (WHERE e.lease_until >= {clock})
FROM campaign k JOIN enrolment e ON e.campaign_id = k.id
WHERE k.status = 'running' AND (k.retry_at IS NULL OR k.retry_at <= {now})
  AND e.ended_at IS NULL AND e.due_at <= {now}
"""


@dataclass(frozen=True)
class Claim:
    """People at one step of one version, leased."""

    campaign_id: int
    version_id: int
    step: str
    lease: uuid.UUID
    pairs: list[Pair]


@transaction.atomic
def claim(campaign_id: int, now: datetime) -> Claim | None:
    """Lease people of a campaign who are due, all at the step of whoever waits longest."""
    free = sql(_FREE, campaign=campaign_id, now=now, clock=_CLOCK)
    first = run(sql(_FIRST, free=free))
    if not first:
        return None
    (version, step), token = first[0], uuid.uuid4()
    pairs = run(
        sql(
            _CLAIM,
            free=free,
            version=version,
            step=step,
            lease=token,
            clock=_CLOCK,
            span=lease_time(),
            batch=BATCH,
        )
    )
    return Claim(campaign_id, version, step, token, [(p, e) for p, e in pairs]) if pairs else None


def hold(claimed: Claim) -> list[Pair]:
    """Lock those who are still ours until the transaction ends, and renew the lease.

    Who was merged meanwhile, or ended, is not among them.
    """
    statement = sql(
        _HOLD, clock=_CLOCK, span=lease_time(), theirs=_theirs(claimed), step=claimed.step
    )
    return sorted((profile, enrolment) for profile, enrolment in run(statement))


def release(claimed: Claim) -> None:
    """Give back whom nothing was done with."""
    with transaction.atomic():
        query = sql(_RELEASE, theirs=_theirs(claimed))
        run(sql("WITH given AS ({query} RETURNING 1) SELECT count(*) FROM given", query=query))


def enrolments_left() -> Left:
    """Who is due; those under a lease are in somebody's hands until it runs out."""
    due, held = run(sql(_LEFT, clock=_CLOCK, now=timezone.now()))[0]
    return Left(due, held)


def _theirs(claimed: Claim) -> Sql:
    profiles, enrolments = _columns(claimed.pairs)
    return sql(_THEIRS, profiles=profiles, enrolments=enrolments, lease=claimed.lease)


def _columns(pairs: Sequence[Pair]) -> tuple[list[int], list[int]]:
    ordered = sorted(pairs)
    return [profile for profile, _id in ordered], [number for _profile, number in ordered]
