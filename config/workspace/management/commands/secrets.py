"""Compares SECRETS_KEY with the keys that lie in the database, or gives up what it cannot open."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from config.workspace.access import tokens


class Command(BaseCommand):
    """`secrets check | give-up`."""

    help = "Compares SECRETS_KEY with the database; give-up ends the links that it cannot open."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The one thing to do."""
        parser.add_argument("action", choices=["check", "give-up"])

    def handle(self, *args: Any, **options: Any) -> None:
        """`check` ends with 1 where a key cannot be read; `give-up` says how many are ended."""
        if options["action"] == "check":
            tokens.ensure_readable()
            self.stdout.write("SECRETS_KEY opens every key in the database.")
            return
        count = tokens.give_up_unreadable()
        self.stdout.write(f"{count} keys are given up; the links made with them have ended.")
