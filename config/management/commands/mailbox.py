"""Runs the demo mailbox by itself; `up` runs it too unless EMAIL_URL is set."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config.running import mailbox


class Command(BaseCommand):
    """`mailbox [--port N]`."""

    help = "Runs the demo mailbox: takes any mail by SMTP and keeps it for the console to show."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen."""
        default = settings.MAILBOX_PORT
        parser.add_argument("--port", type=int, default=default, help="0: any free one")

    def handle(self, *args: Any, **options: Any) -> None:
        """Until TERM or Ctrl-C."""
        mailbox.serve(mailbox.folder(), options["port"])
