"""What is kept of rows that are anonymised: numbers by month and name, in their transaction."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from django.db import connection

from config.postgres import wire
from config.postgres.sql import Sql, sql
from consent.retention.classes import FEWEST

_ADD: Final = """
INSERT INTO retained_total AS t (data_class, month, name, n, value_sum)
SELECT {data_class}, g.month, g.name, g.n, g.value_sum FROM ({given}) g ORDER BY 2, 3
ON CONFLICT (data_class, month, name) DO UPDATE
SET n = t.n + EXCLUDED.n, value_sum = t.value_sum + EXCLUDED.value_sum
"""
_GIVEN: Final = """
SELECT * FROM unnest({months}::date[], {names}::text[], {counts}::bigint[], {sums}::float8[])
    AS g(month, name, n, value_sum)
"""
_FORGET: Final = """
UPDATE retained_total SET value_sum = NULL
WHERE data_class = %s AND n < %s AND value_sum IS NOT NULL
"""


def add(data_class: str, lines: Iterable[tuple[date, str, int, float]]) -> None:
    """Add (month, name, how many, their value). One statement."""
    rows = sorted(lines)
    if rows:
        months, names, counts, sums = zip(*rows, strict=True)
        given = sql(
            _GIVEN,
            months=[f"{month:%Y-%m-%d}" for month in months],
            names=wire.texts(names),
            counts=wire.numbers(counts),
            sums=list(sums),
        )
        add_query(data_class, given)


def add_query(data_class: str, given: Sql) -> None:
    """Add what a query of (month, name, n, value_sum) comes to."""
    with connection.cursor() as cursor:
        sql(_ADD, data_class=data_class, given=given).on(cursor)


def forget_the_few(data_class: str) -> None:
    """At the end of a run: a sum of fewer than five would be somebody's."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [data_class, FEWEST])
