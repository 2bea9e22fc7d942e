"""TRUNCATE, with which transactional tests end and `flush` works, is the owner's right."""

from collections.abc import Iterable
from typing import Any

from django.db.backends.postgresql import operations


class DatabaseOperations(operations.DatabaseOperations):
    """PostgreSQL's, flushing as owner."""

    def execute_sql_flush(self, sql_list: Iterable[str]) -> None:
        """Empty the tables."""
        connection: Any = self.connection  # ours: the stubs know Django's only
        with connection.owner():
            super().execute_sql_flush(sql_list)
