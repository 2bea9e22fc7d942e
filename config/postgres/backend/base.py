"""Our database backend: PostgreSQL's, plus the embedded server and the two roles.

A command's first connection starts the embedded server (`starting.py`). With
`OPTIONS["assume_role"]` every connection acts as its database's own role, except inside
`connection.owner()`, which migrations run in.
"""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.management.base import CommandError
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base, features
from django.db.transaction import TransactionManagementError
from django.db.utils import OperationalError
from psycopg import pq, sql
from psycopg.pq.abc import PGconn

from config.postgres.backend.creation import DatabaseCreation
from config.postgres.backend.operations import DatabaseOperations
from config.postgres.backend.pooling import refuse_shared
from config.postgres.role_names import role_names
from config.postgres.room import ROOM
from config.postgres.starting import connecting

USABLE_SECONDS = 5.0  # for an open connection to show that there is a server behind it


class NotSetUp(OperationalError, CommandError):
    """The database has no tables yet. As a CommandError it ends a command in one sentence."""

    def __init__(self) -> None:
        super().__init__("The database is not set up yet: run manage.py migrate (or make demo).")
        self.returncode = 1


class DatabaseFeatures(features.DatabaseFeatures):
    """What our tables need: Django says so to a server that is older."""

    minimum_database_version = (15,)


class DatabaseWrapper(base.DatabaseWrapper):
    """One thread's connection."""

    features_class = DatabaseFeatures
    creation_class = DatabaseCreation
    ops_class = DatabaseOperations
    as_owner = False
    _roles: dict[tuple[str, int, str], str] = {}
    _has_sessions: set[tuple[str, int, str]] = set()

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
        """Connect; for a command the embedded server is started where it does not run.

        Raises SharedSessions where a pooler would give this session to others too.
        """
        connect = super().get_new_connection
        made: psycopg.Connection[Any] = ROOM.connecting(
            lambda: connecting(lambda: connect(conn_params))
        )
        place = _place_of(made)
        if place not in self._has_sessions:
            try:
                refuse_shared(made, lambda: connect(conn_params))
            except Exception:
                made.close()
                raise
            self._has_sessions.add(place)
        return made

    def close_if_unusable_or_obsolete(self) -> None:
        """As Django's, at both ends of a request; where places are few it is given back."""
        if self.connection is not None and not self.in_atomic_block and ROOM.is_tight:
            self.close()
        else:
            super().close_if_unusable_or_obsolete()

    def is_usable(self) -> bool:
        """Does the server answer on it, in time? One that stands still would hold us for ever."""
        try:
            return self.connection is not None and _answers(self.connection.pgconn)
        except (psycopg.Error, OSError):
            return False

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
        place = _place_of(connection)
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


def _place_of(connection: psycopg.Connection[Any]) -> tuple[str, int, str]:
    info = connection.info
    return (info.host, info.port, info.dbname)


def _answers(link: PGconn) -> bool:
    """Raises psycopg.Error. Where no answer comes in time the connection is of no use any more."""
    deadline = time.monotonic() + USABLE_SECONDS
    poll = select.poll()
    poll.register(link.socket, select.POLLIN)
    link.send_query(b"SELECT 1")
    link.flush()
    while True:
        link.consume_input()
        if not link.is_busy():
            break
        if not poll.poll(max(deadline - time.monotonic(), 0) * 1000):
            return False
    result = None
    while (one := link.get_result()) is not None:
        result = one
    return result is not None and result.status == pq.ExecStatus.TUPLES_OK
