"""The embedded broker: PGMQ's tables and functions in the default database, plain SQL."""

from importlib import metadata, resources

from django.conf import settings
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

QUEUE = "rapport"
DELIVERY_QUEUE = "rapport_delivery"
QUEUES = (QUEUE, DELIVERY_QUEUE)
SENT = "rapport_sent"  # who listens to it hears the name of a queue when something was put into it


def is_embedded() -> bool:
    """Is the broker the one in the database?"""
    url: str = settings.CELERY_BROKER_URL
    return not url or url.startswith("pgmq:")


def install(connection: BaseDatabaseWrapper) -> None:
    """Install PGMQ's schema and make our queues, unless they are there. Run as owner.

    The queues hold hints only (the work is rows), so that a schema left by another version of the
    package is dropped and made anew.
    """
    if not is_embedded():
        return
    version = metadata.version("pgmq")
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('rapport.broker'))")
        cursor.execute("SELECT obj_description(to_regnamespace('pgmq'), 'pg_namespace')")
        if cursor.fetchone()[0] != f"pgmq {version}":
            cursor.execute("DROP SCHEMA IF EXISTS pgmq CASCADE")
            script = resources.files("pgmq") / "sql" / "pgmq.sql"
            cursor.execute(script.read_text())
            cursor.execute(f"COMMENT ON SCHEMA pgmq IS 'pgmq {version}'")
        cursor.execute(
            "SELECT pgmq.create(name) FROM unnest(%s::text[]) AS name"
            " WHERE name NOT IN (SELECT queue_name FROM pgmq.meta)",
            [[*QUEUES]],
        )
