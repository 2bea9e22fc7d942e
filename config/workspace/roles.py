"""The database roles: who may do what to the tables, granted after each `migrate`.

`rapport_app` is what every connection acts as; it may add to a ledger and never change it.
`rapport_eraser` may, and is taken for erasures only. Both are roles of the whole server, shared by
its databases, test databases included. They guard against mistakes: the log-in role can leave them.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial

from django.core.management.base import CommandError
from django.db import ProgrammingError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import DatabaseError

APP, ERASER = "rapport_app", "rapport_eraser"
LEDGERS = ("consent_entry", "audit_entry", "audit_seal")
ATTEMPTS = 20


class MayNotCreateRoles(CommandError):
    """Says which two statements somebody with more rights has to run."""


def ensure_roles(connection: BaseDatabaseWrapper) -> None:
    """Create both roles and make the log-in user a member, where that is missing.

    Run as owner. Raises MayNotCreateRoles.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        user = connection.ops.quote_name(cursor.fetchone()[0])
    try:
        for role in (APP, ERASER):
            _try_again(partial(_ensure_role, connection, role, user))
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", None) != "42501":
            raise
        statements = "".join(f"  CREATE ROLE {role} ROLE {user};\n" for role in (APP, ERASER))
        raise MayNotCreateRoles(
            f"The database user {user} may not create roles; have an administrator of the server "
            f"run these two statements, then migrate again:\n{statements}"
        ) from error


def grant(connection: BaseDatabaseWrapper) -> None:
    """Give both roles their rights on everything in the schema, now and in future. Repeatable."""
    both = f"{APP}, {ERASER}"
    statements = [f"GRANT USAGE ON SCHEMA public TO {both}"]
    for kind, rights in (
        ("TABLES", "SELECT, INSERT, UPDATE, DELETE"),
        ("SEQUENCES", "USAGE, SELECT, UPDATE"),
        ("FUNCTIONS", "EXECUTE"),
    ):
        statements += [
            f"GRANT {rights} ON ALL {kind} IN SCHEMA public TO {both}",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rights} ON {kind} TO {both}",
        ]
    _try_again(lambda: _run(connection, statements))
    _try_again(lambda: _run(connection, _revocations(connection)))


def _ensure_role(connection: BaseDatabaseWrapper, role: str, user: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            cursor.execute(
                f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN; "
                "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
            )
        # Membership proper: from version 16 on, who creates a role may grant it, yet not take it.
        cursor.execute(
            "SELECT 1 FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid "
            "JOIN pg_roles u ON u.oid = m.member WHERE r.rolname = %s AND u.rolname = session_user "
            "AND coalesce((to_jsonb(m) ->> 'set_option')::boolean, true)",
            [role],
        )
        if cursor.fetchone() is None:
            cursor.execute(f"GRANT {role} TO {user}")


def _revocations(connection: BaseDatabaseWrapper) -> list[str]:
    """A ledger's partitions have rights of their own, so each of them is named."""
    query = """
        WITH RECURSIVE ledger AS (
            SELECT oid FROM pg_class WHERE oid = ANY (
                SELECT to_regclass('public.' || name)::oid FROM unnest(%s::text[]) AS name)
            UNION ALL
            SELECT inhrelid FROM pg_inherits JOIN ledger ON inhparent = ledger.oid
        )
        SELECT oid::regclass::text FROM ledger
    """
    with connection.cursor() as cursor:
        cursor.execute(query, [list(LEDGERS)])
        tables: list[str] = [name for (name,) in cursor.fetchall()]
    return [f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {APP}" for table in tables]


def _run(connection: BaseDatabaseWrapper, statements: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _try_again(step: Callable[[], None]) -> None:
    """Catalogue rows are changed without waiting: of two at once one gets an error, and retries."""
    for attempt in range(ATTEMPTS):
        try:
            return step()
        except DatabaseError as error:
            if "concurrently" not in str(error) or attempt == ATTEMPTS - 1:
                raise
            time.sleep(0.05 * (attempt + 1))
