"""How much there is of a table: what the planner knows of it, and its bytes. Fast at any size."""

from datetime import datetime
from typing import Any, Final

from config.postgres.sql import Sql, run, sql
from consent.retention.classes import Extent

# a table in months says nothing of itself: its partitions are summed up
_SIZE: Final = """
SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint,
       coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
FROM pg_class c WHERE c.oid = ANY(
    SELECT {table}::regclass UNION ALL SELECT inhrelid FROM pg_inherits
    WHERE inhparent = {table}::regclass)
"""
MANY: Final = 10_000  # an exact number of fewer costs nothing


def extent_of(table: str, oldest: datetime | None) -> Extent:
    """Rows of small tables are counted, of larger ones estimated."""
    rows, size = run(sql(_SIZE, table=f"public.{table}"))[0]
    if rows < MANY:
        rows = first(f"SELECT count(*) FROM (SELECT FROM {table} LIMIT {MANY}) t") or rows  # noqa: S608
    return Extent(int(rows), int(size), oldest)


def first(statement: str) -> Any:
    """The one value of a statement of ours."""
    return run(Sql(statement))[0][0]
