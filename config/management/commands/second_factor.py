"""Takes the second factors of somebody away who lost theirs, where no admin can."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.console.signing_in import rules
from config.workspace.models import User


class Command(BaseCommand):
    """`second_factor reset NAME`."""

    help = "Takes all second factors of a user away and ends their sessions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do, and of whom."""
        actions = parser.add_subparsers(dest="action", required=True)
        reset = actions.add_parser("reset", help="take all of a user's second factors away")
        reset.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Says how many there were."""
        user = User.objects.filter(username=options["name"]).first()
        if user is None:
            raise CommandError(f"There is no user named {options['name']!r}.")
        count = rules.take_away(user)
        self.stdout.write(f"{count} second factors are taken away, and all sessions are ended.")
