"""Django's `migrate`, as the owner of the tables; the application's role gets its rights after."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from config.postgres import broker, roles


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
        looking = options["plan"] or options["check_unapplied"]
        if not looking:
            roles.ensure_roles(connection)
        super().handle(*args, **options)
        if not looking:
            roles.grant(connection)
            broker.install(connection)
