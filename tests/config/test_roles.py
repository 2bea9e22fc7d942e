"""Two roles on one log-in, for each database its own."""

import uuid

import psycopg
import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from config import paths
from config.postgres import roles, server
from config.postgres.role_names import LONGEST_BYTES, role_names

TABLES = "CREATE TABLE django_content_type (id bigint); CREATE TABLE audit_entry (id bigint)"


def who() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_every_connection_acts_as_the_application_of_its_database():
    assert who() == role_names(connection.settings_dict["NAME"]).app


@pytest.mark.django_db(transaction=True)
def test_the_owner_acts_only_inside_its_block():
    before = who()
    with connection.owner():
        assert who() == "rapport"
    assert who() == before


@pytest.mark.django_db
def test_the_owner_cannot_begin_inside_a_transaction():
    with pytest.raises(transaction.TransactionManagementError), connection.owner():
        pass


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["consent_entry", "audit_entry", "seal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_a_ledger_cannot_be_changed(table, statement):
    refused = pytest.raises(ProgrammingError, match="permission denied")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


def test_names_of_roles_fit_and_differ_however_long_the_database_is_called():
    long = [role_names(f"{'ü' * 31}{end}") for end in "ab"]
    assert len({name for names in long for name in names}) == 4
    assert all(len(name.encode()) <= LONGEST_BYTES for names in long for name in names)
    assert role_names("shop").app == "rapport_app_shop"


def connect(user: str, database: str) -> psycopg.Connection:
    place = str(paths.socket_dir(settings.VAR_DIR))
    return psycopg.connect(host=place, user=user, dbname=database, autocommit=True)


@pytest.fixture
def admin():
    """The server's administrator; the server was started for the suite."""
    with connect(server.SUPERUSER, "postgres") as connection:
        yield connection


@pytest.fixture
def two(admin):
    """Names of two databases on one server, each of a log-in of its own that may create no role."""
    names = [f"Two {end} {uuid.uuid4().hex[:8]}" for end in "ab"]
    for name in names:
        for statement in ("CREATE ROLE {} LOGIN", "CREATE DATABASE {0} OWNER {0}"):
            admin.execute(sql.SQL(statement).format(sql.Identifier(name)))
    yield names
    for name in names:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    for role in [role for name in names for role in (*role_names(name), name)]:
        admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


@pytest.fixture
def opened(two):
    """Opens Django's connection of a database's own log-in; closes all at the end."""
    made = []

    def open_(name: str):
        wrapper = connection.copy()
        wrapper.settings_dict |= {"NAME": name, "USER": name}
        made.append(wrapper)
        return wrapper

    yield open_
    for wrapper in made:
        wrapper.close()


def set_up(wrapper, admin) -> str:
    """As `migrate` does; the statements that it printed are run by the administrator."""
    said = ""
    with wrapper.owner():
        try:
            roles.ensure_roles(wrapper)
        except roles.MayNotCreateRoles as refused:
            said = str(refused)
            for line in said.splitlines()[1:]:
                admin.execute(line)
            roles.ensure_roles(wrapper)
        with wrapper.cursor() as cursor:
            cursor.execute(TABLES)
        roles.grant(wrapper)
    return said


@pytest.mark.django_db
def test_two_installations_on_one_server_cannot_read_each_other(two, opened, admin):
    for name in two:
        wrapper = opened(name)
        printed = set_up(wrapper, admin)
        assert printed.count("CREATE ROLE") == 2 and f'"rapport_app_{name}"' in printed
        with wrapper.cursor() as cursor:  # as the application, from here on
            cursor.execute("SELECT current_user, (SELECT count(*) FROM django_content_type)")
            assert cursor.fetchone() == (role_names(name).app, 0)
            cursor.execute("INSERT INTO audit_entry VALUES (1)")
        with pytest.raises(ProgrammingError), wrapper.cursor() as cursor:
            cursor.execute("DELETE FROM audit_entry")
    for mine, theirs in (two, reversed(two)):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            connect(mine, theirs)
        grant = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
        admin.execute(grant.format(sql.Identifier(theirs), sql.Identifier(mine)))
        with connect(mine, theirs) as intruder:
            for statement in (
                sql.SQL("SELECT * FROM django_content_type"),
                sql.SQL("SET ROLE {}").format(sql.Identifier(role_names(theirs).app)),
                sql.SQL("SET ROLE {}").format(sql.Identifier(role_names(theirs).eraser)),
            ):
                with pytest.raises(InsufficientPrivilege):
                    intruder.execute(statement)


@pytest.mark.django_db
def test_an_installation_leaves_the_role_that_a_whole_server_shared(two, opened, admin):
    """The former `rapport_app`: no right is left to it here, and it goes when nobody needs it."""
    first, second = two
    for former in roles.FORMER:
        admin.execute(f"DROP ROLE IF EXISTS {former}")
        logins = sql.SQL(", ").join(map(sql.Identifier, two))
        admin.execute(sql.SQL("CREATE ROLE {} ROLE {}").format(sql.Identifier(former), logins))
    for name in two:
        with connect(name, name) as owner:
            owner.execute("CREATE TABLE profile (id bigint)")
            for what in ("ALL TABLES IN SCHEMA public", "SCHEMA public"):
                owner.execute(f"GRANT ALL ON {what} TO rapport_app, rapport_eraser")
            owner.execute(
                "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO rapport_app"
            )
    set_up(opened(first), admin)
    with connect(second, second) as still, connect(server.SUPERUSER, first) as inside:
        still.execute("SET ROLE rapport_app")
        still.execute("SELECT * FROM profile")  # the other is not cut off before it migrates
        inside.execute("SET ROLE rapport_app")
        for table in ("profile", "audit_entry"):
            with pytest.raises(InsufficientPrivilege):
                inside.execute(f"SELECT * FROM {table}")
    set_up(opened(second), admin)
    admin.execute("DROP ROLE rapport_app, rapport_eraser")  # nothing depends on them any more
