"""`manage.py backup FILE`: the database and the files, as of one moment, in one file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.running import saving


class Command(BaseCommand):
    """`backup FILE [--with-keys]`."""

    help = "Writes the database and the files of VAR_DIR into one file, while all goes on."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to."""
        parser.add_argument("file", type=Path, help="the backup, a .tar; it must not be there yet")
        parser.add_argument(
            "--with-keys",
            action="store_true",
            help="put SECRETS_KEY and SECRET_KEY into it too: keep it as carefully as those",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Says in one line what is in it, and where the keys are."""
        file: Path = options["file"].absolute()
        try:
            found = saving.back_up(file, with_keys=options["with_keys"])
        except saving.NotSaved as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{file} ({file.stat().st_size:,} bytes, {found} files)")
        if not options["with_keys"]:
            self.stdout.write(
                "The keys are not in it. Keep SECRETS_KEY elsewhere (VAR_DIR/secrets_key.txt, or "
                "the variable): without it links in mails that were sent end, and nothing sealed "
                "opens."
            )
