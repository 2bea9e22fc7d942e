"""Makes a source and prints its write key, once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from profiles.models import Source
from profiles.services.sources import UnknownKind, create_source


class Command(BaseCommand):
    """`source create NAME --kind K`."""

    help = "Makes a source of calls; its write key stands on the last line, this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The one action there is, in words that leave room for others."""
        parser.add_argument("action", choices=["create"])
        parser.add_argument("name")
        parser.add_argument("--kind", default="server", help=", ".join(Source.Kind.values))

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints what was made and the key."""
        if Source.objects.filter(name=options["name"]).exists():
            raise CommandError(f"A source named {options['name']!r} is there already.")
        try:
            source, key = create_source(name=options["name"], kind=options["kind"])
        except UnknownKind as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"source {source.name} ({source.kind}); its write key, shown this once:")
        self.stdout.write(key)
