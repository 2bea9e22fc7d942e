"""Does everything that is due, then returns: for scripts, tests and cron."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.workspace.access import tokens
from config.workspace.work import due, recording

PATIENCE_SECONDS = 2.0  # before it says what it waits for
SAY_SECONDS = 30.0  # between saying so
WAIT_SECONDS = 300  # no lease is longer than four minutes, a run that hangs is killed after four


class Command(BaseCommand):
    """`drain`: prints how many rows each kind of work handled."""

    help = "Processes everything that is due, waits for what other workers hold, then returns."
    say_at = 0.0

    def add_arguments(self, parser: CommandParser) -> None:
        """How long to wait for others."""
        words = "seconds to wait for rows that others hold and do not finish (default: %(default)s)"
        parser.add_argument("--wait", type=int, default=WAIT_SECONDS, help=words)

    def handle(self, *args: Any, **options: Any) -> None:
        """One line a kind. Raises LostKey (mails need their links), CommandError: others hang."""
        tokens.ensure_readable()
        self.say_at = time.monotonic() + PATIENCE_SECONDS
        wait = options["wait"]
        try:
            done = due.drain(on_wait=self.say, patience_seconds=wait)
        except due.StillHeld as held:
            words = f"Another worker holds rows, and nothing became of them in {wait} s: {held}."
            raise CommandError(f"{words} All else is done.") from None
        finally:
            recording.flush()
        for name, count in done.items():
            self.stdout.write(f"{name}: {count}")

    def say(self, held: dict[str, int]) -> None:
        """What is waited for, on standard error, now and then."""
        if time.monotonic() < self.say_at:
            return
        self.say_at = time.monotonic() + SAY_SECONDS
        parts = ", ".join(f"{name} {count}" for name, count in held.items())
        self.stderr.write(f"waiting for rows that another worker holds: {parts}")
