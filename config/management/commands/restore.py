"""`manage.py restore FILE`: what `backup` wrote, into an installation without data."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from config.running import saving


class Command(BaseCommand):
    """`restore FILE [--over-data]`."""

    help = "Puts a backup into this installation, brings its tables up to date and grants rights."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """From where."""
        parser.add_argument("file", type=Path, help="what `backup` wrote")
        parser.add_argument(
            "--over-data",
            action="store_true",
            help="take the place of the data that this installation has: they are gone then",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """The database, its files, then `migrate`; says what is to be done about the keys."""
        try:
            with saving.opened(options["file"], over_data=options["over_data"]) as backup:
                backup.restore_database()
                call_command("migrate", interactive=False, verbosity=0)
                files = backup.restore_files()
        except saving.NotSaved as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"restored, with {files} files")
        self.stdout.write(saving.about_keys())
