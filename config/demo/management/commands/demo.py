"""Writes the demo shop's data through the real ingest path; with --port it then runs it all."""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, TextIO, cast

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from config.demo import state, team
from config.demo.generator.stream import EVENTS, PROFILES
from config.demo.state import DemoState
from config.demo.writing import steps
from config.demo.writing.progress import Progress
from config.postgres import server
from config.postgres.binaries import NoServer
from config.running.checks import open_without
from config.running.taking_over import taking_over
from config.workspace.access import tokens

LEAST_PROFILES, LEAST_EVENTS = 3, 60


class Command(BaseCommand):
    """`demo [--profiles N] [--events N] [--port N]`."""

    help = "Writes the demo shop Cairnway Outdoor; run again, it fills the gap to now."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How big, and whether to run it afterwards."""
        parser.add_argument("--profiles", type=int, default=PROFILES, help="default: %(default)s")
        parser.add_argument("--events", type=int, default=EVENTS, help="default: %(default)s")
        parser.add_argument("--port", type=int, help="then run everything there, as `up` does")
        parser.add_argument("--host", default="127.0.0.1", help="address (default: 127.0.0.1)")
        parser.add_argument("--in-the-open", action="store_true", help="as `up` has it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Data first, then the address and a log-in (with --port they come from `up`)."""
        port = options["port"]
        if options["profiles"] < LEAST_PROFILES or options["events"] < LEAST_EVENTS:
            raise CommandError(f"At least {LEAST_PROFILES} profiles and {LEAST_EVENTS} events.")
        if port is None:
            self._start_database(for_up=False)
            self._prepare()
            self._tell(self._write(options["profiles"], options["events"]))
            return
        if said := open_without(options["host"], is_meant=options["in_the_open"]):
            raise CommandError(said)
        with taking_over(self.stdout.write, options["host"], port) as stopping:
            if not os.environ.get("BASE_URL"):  # what `up` will say too: mails carry it
                settings.BASE_URL = f"http://127.0.0.1:{port}"
            with stopping.held():
                self._start_database(for_up=True)
            self._prepare()
            self._write(options["profiles"], options["events"])
            connections.close_all()
            call_command("up", port=port, host=options["host"], in_the_open=options["in_the_open"])

    def _start_database(self, *, for_up: bool) -> None:
        if settings.EMBEDDED_POSTGRES:
            self.stdout.write("Preparing the database")
            self.stdout.flush()
            try:
                server.ensure_running(
                    Path(settings.VAR_DIR),
                    getattr(settings, "EMBEDDED_POSTGRES_OPTIONS", None),
                    for_up=for_up,
                )
            except (server.ServerError, NoServer, OSError) as error:
                raise CommandError(server.why_not(Path(settings.VAR_DIR), error)) from error

    def _prepare(self) -> None:
        """The tables, and the keys for them."""
        call_command("migrate", interactive=False, verbosity=0)
        tokens.ensure_readable()

    def _write(self, profiles: int, events: int) -> DemoState:
        progress, began = Progress(cast("TextIO", self.stdout._out)), time.monotonic()
        with state.alone() as won:
            if not won:
                raise CommandError("The demo is being written already.")
            try:
                run = steps.begin_or_resume(profiles, events)
            except steps.NotHere as error:
                raise CommandError(str(error)) from error
            if state.is_demo():
                count = steps.fill_gap(run, progress)
                progress.end(f"The demo is up to date: {count:,} events since it was last written")
            else:
                steps.write(run, progress)
                took = time.monotonic() - began
                progress.end(f"Cairnway Outdoor is ready after {took:.0f} s")
        return run

    def _tell(self, run: DemoState) -> None:
        url = settings.BASE_URL
        self.stdout.write(f"Run it with `manage.py up`; it will be at {url}/")
        for line in team.words(run, url):
            self.stdout.write(line)
