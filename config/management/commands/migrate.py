"""Django's `migrate`, as the owner of the tables; the application's role gets its rights after."""

from typing import Any

from django.apps import apps
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.migrations.exceptions import NodeNotFoundError
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from config.postgres import broker, roles

OURS = ("config", "profiles", "consent", "segments", "campaigns")


class Command(migrate.Command):
    """Brings the database up to date: roles, tables, rights, and the embedded broker's tables."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """As owner, the system checks too: they ask the database for its version."""
        connection: Any = connections[options["database"]]
        with connection.owner():
            return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        """Only looking (`--plan`, `--check`) changes nothing."""
        connection = connections[options["database"]]
        refuse_other_versions(connection)
        looking = options["plan"] or options["check_unapplied"]
        if not looking:
            roles.ensure_roles(connection)
        super().handle(*args, **options)
        if not looking:
            roles.grant(connection)
            broker.install(connection)


def refuse_other_versions(connection: Any) -> None:
    """Raises CommandError where the tables were left by code that this one cannot go on from."""
    middle = (
        "The database was left in the middle of an older version, and nothing of it was changed: "
        "let that version's last code migrate it first (docs/operators/upgrade.md says how)."
    )
    try:
        loader = MigrationLoader(connection)
    except NodeNotFoundError as error:
        raise CommandError(middle) from error
    applied = MigrationRecorder(connection).applied_migrations()
    for key, one in loader.disk_migrations.items():
        stands_for = [was in applied for was in one.replaces]
        if key not in applied and any(stands_for) and not all(stands_for):
            raise CommandError(middle)
    known = set(loader.disk_migrations)
    known |= {key for one in loader.disk_migrations.values() for key in one.replaces}
    labels = {one.label for one in apps.get_app_configs() if one.name.split(".")[0] in OURS}
    newer = sorted(key for key in applied if key[0] in labels and key not in known)
    if newer:
        app, name = newer[-1]
        raise CommandError(
            f"The database is of a newer version than this code (it has {app}.{name}), and nothing "
            "of it was changed: put the newer code in place, or restore the backup from before."
        )
