"""Our database backend: PostgreSQL's, plus the embedded server and the two roles.

A command's first connection starts the embedded server (`starting.py`). With
`OPTIONS["assume_role"]` every connection acts as its database's own role, except inside
`connection.owner()`, which migrations run in.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.management.base import CommandError
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from django.db.transaction import TransactionManagementError
from django.db.utils import OperationalError
from psycopg import sql

from config.postgres.backend.creation import DatabaseCreation
from config.postgres.backend.operations import DatabaseOperations
from config.postgres.role_names import role_names
from config.postgres.starting import connecting


class NotSetUp(OperationalError, CommandError):
    """The database has no tables yet. As a CommandError it ends a command in one sentence."""

    def __init__(self) -> None:
        super().__init__("The database is not set up yet: run manage.py migrate (or make demo).")
        self.returncode = 1


class DatabaseWrapper(base.DatabaseWrapper):
    """One thread's connection."""

    creation_class = DatabaseCreation
    ops_class = DatabaseOperations
    as_owner = False
    _roles: dict[tuple[str, int, str], str] = {}

    @contextmanager
    def owner(self) -> Iterator[None]:
        """Act as the log-in role itself, on a connection of its own: for migrations and flushes."""
        if self.as_owner:
            yield
            return
        if self.in_atomic_block:
            raise TransactionManagementError("owner() cannot begin inside a transaction")
        self.close()
        self.as_owner = True
        try:
            yield
        finally:
            self.as_owner = False
            self.close()

    def get_new_connection(self, conn_params: dict[str, Any]) -> psycopg.Connection[Any]:
        """Connect; for a command the embedded server is started where it does not run."""
        connect = super().get_new_connection
        return connecting(lambda: connect(conn_params))

    def _configure_role(self, connection: psycopg.Connection[Any]) -> bool:
        """SET ROLE; a connection that may not take its role is closed, never used without it."""
        if not self._takes_role():
            return False
        try:
            role = self._role_of(connection)
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        except psycopg.errors.InvalidParameterValue as error:  # no such role
            self._forget(connection)
            raise NotSetUp from error
        except Exception:
            self._forget(connection)
            raise
        return True

    def _takes_role(self) -> bool:
        asked = self.settings_dict["OPTIONS"].get("assume_role")
        return bool(asked) and not self.as_owner and self.alias != NO_DB_ALIAS

    def _role_of(self, connection: psycopg.Connection[Any]) -> str:
        """By the name that the server has for the database: a pooler's may differ.

        Raises NotSetUp where there are no tables, whatever roles another database left behind.
        """
        info = connection.info
        place = (info.host, info.port, info.dbname)
        if place not in self._roles:
            query = "SELECT current_database(), to_regclass('django_content_type') IS NOT NULL"
            row = connection.execute(query).fetchone()
            if row is None or not row[1]:
                raise NotSetUp
            self._roles[place] = role_names(row[0]).app
        return self._roles[place]

    def _forget(self, connection: psycopg.Connection[Any]) -> None:
        connection.close()
        if self.connection is connection:
            self.connection = None
