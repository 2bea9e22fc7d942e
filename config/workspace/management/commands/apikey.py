"""`apikey create NAME --scope S...`: prints the key once, on its last line."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.workspace.access.keys import UnknownScope, create_api_key, known_scopes
from config.workspace.models import ApiKey


class Command(BaseCommand):
    """Make a key of the management API."""

    help = "Make an API key; it is printed once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`create NAME --scope S...`."""
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="make a key and print it")
        create.add_argument("name")
        create.add_argument(
            "--scope",
            action="extend",
            nargs="+",
            required=True,
            metavar="S",
            help="; ".join(known_scopes()),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make and print."""
        name = options["name"]
        if ApiKey.objects.filter(name=name).exists():
            raise CommandError(f"An API key named {name!r} exists already.")
        try:
            _key, value = create_api_key(name=name, scopes=options["scope"])
        except UnknownScope as error:
            raise CommandError(str(error)) from error
        self.stdout.write(value)
