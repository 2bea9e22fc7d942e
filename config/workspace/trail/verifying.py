"""Whether a ledger is whole: every block hashed again, by a command that one may run nightly."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.workspace.models import Seal, TimeStamp
from config.workspace.trail.sealing import Ledger, verify
from config.workspace.zones import stamp


class VerifyCommand(BaseCommand):
    """`NAME verify`: one line where all is whole, else a line for each fault and exit 1."""

    ledger: Ledger

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The one action."""
        parser.add_subparsers(dest="action", required=True).add_parser("verify")

    def handle(self, *args: Any, **options: Any) -> None:
        """Reads everything that was sealed. Raises CommandError where it was changed."""
        faults = verify(self.ledger)
        for sentence in faults:
            self.stdout.write(sentence)
        if faults:
            raise CommandError(f"{self.ledger.name} was changed after it was sealed: see above.")
        self.stdout.write(_whole(self.ledger))


def _whole(ledger: Ledger) -> str:
    seals = Seal.objects.filter(ledger=ledger.name)
    last = seals.order_by("id").last()
    entries = ledger.entries._base_manager.all()
    if last is None:
        return f"{ledger.name}: nothing is sealed yet, {entries.count():,} entries wait"
    sealed = entries.filter(pk__lte=last.last_id).count()
    waits = entries.filter(pk__gt=last.last_id).count()
    stamps = TimeStamp.objects.filter(seal__in=seals).count()
    return (
        f"{ledger.name}: whole; {sealed:,} entries in {seals.count():,} blocks, the newest sealed "
        f"at {stamp(last.sealed_at)}, {stamps:,} time stamps; {waits:,} entries wait for a seal"
    )
