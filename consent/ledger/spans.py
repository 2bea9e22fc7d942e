"""When a permission stood: the ledger as spans of time, for any number of addresses at once.

The rule is that of `consent.ledger.fold`, after each entry of an address and of its person as a
whole; a property test holds them together. Times are those of the statements (`at`), as everywhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from config.postgres.sql import Sql, sql
from config.workspace.tables.statistics import joining_by_hash
from consent.ledger.acts import BLOCKING, OWN_ACTS, UNDONE
from consent.models import Purpose

# `own` is said of the address, else of the person as a whole; `turn` orders what was said. What
# came before the undoing of a merge counts no more, so every other mark is compared with `undone`.
_SPANS = """
WITH addressed AS MATERIALIZED ({addresses}),
said AS (
    SELECT x.profile_id, x.address, e.at, e.contact_point <> '' AS own, e.status,
           e.evidence->>'act' AS act, e.evidence->>'restores' IS NULL AS silent,
           row_number() OVER (PARTITION BY x.profile_id, x.address ORDER BY e.at, e.id) AS turn
    FROM addressed x JOIN consent_entry e
      ON e.profile_id = x.profile_id AND e.contact_point IN ('', x.address)
    WHERE e.purpose_id = {purpose} AND e.channel = {channel} AND e.topic_id IS NULL
      AND e.outcome = 'recorded'
), marked AS (
    SELECT s.*, act IS NOT DISTINCT FROM {undone} AS is_undoing,
           status = ANY({blocking}) AS refuses,
           status = 'granted' AND act = ANY({acts}) AS is_act,
           2 * turn + (status = 'granted')::int AS decides
    FROM said s
), summed AS (
    SELECT m.profile_id, m.address, m.at, lead(m.at) OVER w AS until,
           min(m.at) FILTER (WHERE own) OVER (PARTITION BY m.profile_id, m.address) AS named_at,
           {own}, {wide}
    FROM marked m WINDOW w AS (PARTITION BY m.profile_id, m.address ORDER BY turn)
), told AS (
    SELECT s.*,
           CASE WHEN own_refused >= own_undone THEN own_refused_at END AS own_no,
           CASE WHEN own_acted >= own_undone THEN own_acted_at END AS own_act,
           own_last IS NOT NULL AND own_last IS DISTINCT FROM own_silent AS own_stated,
           coalesce(own_decided >= 2 * own_undone AND own_decided %% 2 = 1, FALSE) AS own_yes,
           CASE WHEN wide_refused >= wide_undone THEN wide_refused_at END AS wide_no,
           CASE WHEN wide_acted >= wide_undone THEN wide_acted_at END AS wide_act,
           coalesce(wide_decided >= 2 * wide_undone AND wide_decided %% 2 = 1
                    AND wide_last IS DISTINCT FROM wide_silent, FALSE) AS wide_yes
    FROM summed s
), judged AS (
    SELECT t.*, wide_no IS NULL OR coalesce(wide_act > wide_no, FALSE) AS wide_open FROM told t
), allowed AS (
    SELECT j.profile_id, j.address, j.named_at, j.at AS since, j.until,
           CASE WHEN own_stated THEN own_yes
                     AND (own_no IS NULL OR coalesce(own_act > own_no, FALSE))
                     AND (wide_open OR coalesce(own_act > wide_no, FALSE))
                ELSE wide_yes AND wide_open END AS yes
    FROM judged j
)
SELECT profile_id, address, named_at, since, until FROM allowed
WHERE yes AND (until IS NULL OR until > since)
"""


@contextmanager
def over_many() -> Iterator[CursorWrapper]:
    """A cursor for spans of thousands of people."""
    with transaction.atomic(), joining_by_hash(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        yield cursor
        cursor.execute("SET LOCAL work_mem = DEFAULT")


def _marks(name: str, test: str) -> Sql:
    """What was said last of its kind up to each entry, as turns and times."""
    kinds = (
        f"max(turn) FILTER (WHERE {test}) OVER w AS {name}_last",
        f"coalesce(max(turn) FILTER (WHERE {test} AND is_undoing) OVER w, 0) AS {name}_undone",
        f"max(turn) FILTER (WHERE {test} AND is_undoing AND silent) OVER w AS {name}_silent",
        f"max(turn) FILTER (WHERE {test} AND refuses) OVER w AS {name}_refused",
        f"max(m.at) FILTER (WHERE {test} AND refuses) OVER w AS {name}_refused_at",
        f"max(turn) FILTER (WHERE {test} AND is_act) OVER w AS {name}_acted",
        f"max(m.at) FILTER (WHERE {test} AND is_act) OVER w AS {name}_acted_at",
        f"max(decides) FILTER (WHERE {test} AND NOT refuses AND status <> 'pending') OVER w"
        f" AS {name}_decided",
    )
    return Sql(", ".join(kinds))


def standing_spans(addresses: Sql, *, purpose: Purpose, channel: str) -> Sql:
    """Rows `profile_id, address, named_at, since, until`: from when to when `purpose` was allowed.

    `addresses` is a SELECT of distinct `profile_id, address`; `until` is null while it stands, and
    `named_at` is when a statement first named the address (null: only of the person as a whole).
    """
    return sql(
        _SPANS,
        addresses=addresses,
        own=_marks("own", "own"),
        wide=_marks("wide", "NOT own"),
        purpose=purpose.pk,
        channel=channel,
        undone=UNDONE,
        blocking=list(BLOCKING),
        acts=list(OWN_ACTS),
    )
