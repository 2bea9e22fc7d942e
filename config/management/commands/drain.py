"""Does everything that is due, then returns: for scripts, tests and cron."""

import time
from typing import Any

from django.core.management.base import BaseCommand

from config.workspace import tokens, work
from config.workspace.health import recording

PATIENCE_SECONDS = 2.0  # before it says what it waits for
SAY_SECONDS = 30.0  # between saying so


class Command(BaseCommand):
    """`drain`: prints how many rows each kind of work handled."""

    help = "Processes everything that is due, waits for what other workers hold, then returns."
    say_at = 0.0

    def handle(self, *args: Any, **options: Any) -> None:
        """One line a kind. Raises LostKey: mails need their links."""
        tokens.ensure_readable()
        self.say_at = time.monotonic() + PATIENCE_SECONDS
        for name, count in work.drain(on_wait=self.say).items():
            self.stdout.write(f"{name}: {count}")
        recording.flush()

    def say(self, held: dict[str, int]) -> None:
        """What is waited for, on standard error, now and then."""
        if time.monotonic() < self.say_at:
            return
        self.say_at = time.monotonic() + SAY_SECONDS
        parts = ", ".join(f"{name} {count}" for name, count in held.items())
        self.stderr.write(f"waiting for rows that another worker holds: {parts}")
