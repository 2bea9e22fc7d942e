"""Does everything that is due, then returns: for scripts, tests and cron."""

from typing import Any

from django.core.management.base import BaseCommand

from config.workspace import work


class Command(BaseCommand):
    """`drain`: prints how many rows each kind of work handled."""

    help = "Processes everything that is due, then returns."

    def handle(self, *args: Any, **options: Any) -> None:
        """One line a kind."""
        for name, count in work.drain().items():
            self.stdout.write(f"{name}: {count}")
