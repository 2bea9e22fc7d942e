"""`apikey create NAME --scope S...`: prints the key once, on its last line."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.workspace.access.keys import (
    UnknownScope,
    create_api_key,
    known_scopes,
    rotate_api_key,
)
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

        create.add_argument("--days", type=int, help="expires after so many days")
        rotate = actions.add_parser("rotate", help="make a new value and print it")
        rotate.add_argument("name")
        rotate.add_argument(
            "--keep-hours", type=int, default=168, help="how long the old one works (168)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make and print."""
        name = options["name"]
        if options["action"] == "rotate":
            self.stdout.write(_rotated(name, options["keep_hours"]))
            return
        days = options["days"]
        expires_at = timezone.now() + timedelta(days=days) if days else None
        if ApiKey.objects.filter(name=name).exists():
            raise CommandError(f"An API key named {name!r} exists already.")
        try:
            _key, value = create_api_key(name=name, scopes=options["scope"], expires_at=expires_at)
        except UnknownScope as error:
            raise CommandError(str(error)) from error
        self.stdout.write(value)


def _rotated(name: str, keep_hours: int) -> str:
    """Raises CommandError."""
    key = ApiKey.objects.filter(name=name, revoked_at=None).first()
    if key is None:
        raise CommandError(f"There is no API key named {name!r} that works.")
    return rotate_api_key(key=key, keep=timedelta(hours=max(keep_hours, 0)))
