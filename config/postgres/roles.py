"""The database roles: who may do what to the tables, granted after each `migrate`.

`rapport_app_NAME` is what every connection to the database NAME acts as; it may add to a ledger and
never change it. `rapport_eraser_NAME` may, and is taken for erasures only. They guard against
mistakes: the log-in role can leave them. Roles belong to the whole server, hence the name in them:
were they shared, two installations beside each other could read each other's people.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.core.management.base import CommandError
from django.db import ProgrammingError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import DatabaseError

from config.postgres.role_names import APP, ERASER, RoleNames, role_names

LEDGERS = ("consent_entry", "audit_entry", "seal", "time_stamp", "wording", "policy_version")
ATTEMPTS = 20
INSUFFICIENT_PRIVILEGE = "42501"
FORMER = (APP, ERASER)  # one pair for a whole server, up to version 0.1
# Roles of ours or of another database's that have rights here: of a former version, or of the
# database that this one was copied from.
STRANGERS = """
    SELECT DISTINCT r.rolname FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
    WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'a'
      AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND r.rolname ~ %s AND r.rolname <> ALL(%s)
    ORDER BY 1
"""
IS_MEMBER = """
    SELECT 1 FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
    JOIN pg_roles u ON u.oid = m.member WHERE r.rolname = %s AND u.rolname = session_user
      AND coalesce((to_jsonb(m) ->> 'set_option')::boolean, true)
"""


class MayNotCreateRoles(CommandError):
    """Says which statements somebody with more rights has to run."""


def ensure_roles(connection: BaseDatabaseWrapper) -> None:
    """Create both roles and make the log-in user a member, where that is missing.

    Run as owner. Raises MayNotCreateRoles.
    """
    [(user, is_new)] = _rows(
        connection, "SELECT session_user::text, to_regclass('django_content_type') IS NULL"
    )
    if is_new:
        _keep_others_out(connection)
    names = names_of(connection)
    try:
        for role in names:
            _try_again(partial(_ensure_role, connection, role, user))
    except ProgrammingError as error:
        if not _is_refused(error):
            raise
        raise MayNotCreateRoles(_statements(connection, names, user)) from error


def names_of(connection: BaseDatabaseWrapper) -> RoleNames:
    """The roles of the database that this is connected to. One query."""
    [(database,)] = _rows(connection, "SELECT current_database()::text")
    return role_names(database)


def grant(connection: BaseDatabaseWrapper) -> None:
    """Give both roles their rights on everything in the schema, now and in future. Repeatable."""
    names = names_of(connection)
    both = ", ".join(_quoted(*names))
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
    _try_again(lambda: _run(connection, _revocations(connection, names.app)))
    _try_again(lambda: _take_from_strangers(connection, names))


def _keep_others_out(connection: BaseDatabaseWrapper) -> None:
    """A new database is for its owner's log-in: others of the server may not even connect."""
    [(name, user, is_owner)] = _rows(
        connection,
        "SELECT datname::text, session_user::text, pg_has_role(session_user, datdba, 'USAGE')"
        " FROM pg_database WHERE datname = current_database()",
    )
    if is_owner:
        database, login = _quoted(name, user)
        _run(
            connection,
            [
                f"GRANT CONNECT ON DATABASE {database} TO {login}",
                f"REVOKE CONNECT ON DATABASE {database} FROM PUBLIC",
            ],
        )


def _statements(connection: BaseDatabaseWrapper, names: RoleNames, user: str) -> str:
    [login] = _quoted(user)
    lines = []
    for role in names:
        there = _rows(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        [quoted] = _quoted(role)
        lines.append(
            f"GRANT {quoted} TO {login};" if there else f"CREATE ROLE {quoted} ROLE {login};"
        )
    return (
        f"The database user {login} may not create roles; have an administrator of the server "
        "run these two statements, then migrate again:\n" + "".join(f"  {line}\n" for line in lines)
    )


def _ensure_role(connection: BaseDatabaseWrapper, role: str, user: str) -> None:
    quoted, login = _quoted(role, user)
    if not _rows(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", [role]):
        _run(
            connection,
            [
                f"DO $$ BEGIN CREATE ROLE {quoted} NOLOGIN; "
                "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
            ],
        )
    # Membership proper: from version 16 on, who creates a role may grant it, yet not take it.
    if not _rows(connection, IS_MEMBER, [role]):
        _run(connection, [f"GRANT {quoted} TO {login}"])


def _revocations(connection: BaseDatabaseWrapper, app: str) -> list[str]:
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
    tables = [name for (name,) in _rows(connection, query, [list(LEDGERS)])]
    [role] = _quoted(app)
    return [f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}" for table in tables]


def _take_from_strangers(connection: BaseDatabaseWrapper, names: RoleNames) -> None:
    """No role but this database's own has rights here; the former pair goes when nobody uses it."""
    ours = f"^({APP}|{ERASER})(_|$)"
    for (role,) in _rows(connection, STRANGERS, [ours, list(names)]):
        [quoted] = _quoted(role)
        statements = [f"REVOKE ALL ON SCHEMA public FROM {quoted}"]
        for kind in ("TABLES", "SEQUENCES", "FUNCTIONS"):
            statements += [
                f"REVOKE ALL ON ALL {kind} IN SCHEMA public FROM {quoted}",
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON {kind} FROM {quoted}",
            ]
        _run(connection, statements)
    for role in FORMER:
        if _rows(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", [role]):
            _let_go(connection, role)


def _let_go(connection: BaseDatabaseWrapper, role: str) -> None:
    """Leave it, and drop it: as far as one may, and nobody else has need of it."""
    [(user,)] = _rows(connection, "SELECT session_user::text")
    [login] = _quoted(user)
    for statement in (f"REVOKE {role} FROM {login}", f"DROP ROLE {role}"):
        quiet = "insufficient_privilege OR dependent_objects_still_exist OR undefined_object"
        _run(
            connection,
            [f"DO $$ BEGIN {statement}; EXCEPTION WHEN {quiet} THEN NULL; END $$"],
        )


def _quoted(*names: str) -> list[str]:
    """As identifiers. Django's own quoting leaves a quote inside a name as it is."""
    return ['"' + name.replace('"', '""') + '"' for name in names]


def _rows(connection: BaseDatabaseWrapper, query: str, values: Sequence[Any] = ()) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, list(values) or None)
        return list(cursor.fetchall())


def _run(connection: BaseDatabaseWrapper, statements: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _is_refused(error: DatabaseError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) == INSUFFICIENT_PRIVILEGE


def _try_again(step: Callable[[], None]) -> None:
    """Catalogue rows are changed without waiting: of two at once one gets an error, and retries."""
    for attempt in range(ATTEMPTS):
        try:
            return step()
        except DatabaseError as error:
            if "concurrently" not in str(error) or attempt == ATTEMPTS - 1:
                raise
            time.sleep(0.05 * (attempt + 1))
