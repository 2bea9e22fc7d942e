"""Resolves identities anew, in bulk."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from profiles.merging import bulk, merging


class Command(BaseCommand):
    """`resolve [--dry-run]`."""

    help = "Resolves identities anew over all calls; merges are recorded and can be undone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether to only look."""
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints how many people were joined, and how many identifiers are nobody's by now."""
        while merging.run_pending():
            pass
        with tqdm(unit=" pairs", desc="resolve", disable=None) as bar:
            if options["dry_run"]:
                count = len(bulk.find_joins(lambda n: _advance(bar, n)))
                self.stdout.write(f"{count:,} people would be joined with another")
                self._nobodys()
                return
            count = bulk.resolve_all(lambda n: _advance(bar, n))
        self.stdout.write(f"{count:,} people were joined with another")
        self._nobodys()

    def _nobodys(self) -> None:
        if count := bulk.count_nobodys():
            self.stdout.write(
                f"{count:,} identifiers are blocked, not valid or placeholders: they stay where"
                " they are and join nobody"
            )


def _advance(bar: Any, count: int) -> None:
    bar.update(count - bar.n)
