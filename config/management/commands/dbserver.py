"""Starts, stops, describes and backs up the embedded PostgreSQL server."""

import os
import subprocess
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import paths
from config.postgres import server
from config.postgres.binaries import NoServer


class Command(BaseCommand):
    """`dbserver start | stop | status | backup [--to FILE]`."""

    help = "Starts, stops, describes or backs up the embedded PostgreSQL server."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The one thing to do."""
        parser.add_argument("action", choices=["start", "stop", "status", "backup"])
        parser.add_argument("--to", type=Path, help="file of the backup (default: VAR_DIR/backups)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Says in one line what was done."""
        if not settings.EMBEDDED_POSTGRES:
            raise CommandError("DATABASE_URL is set: that server is not ours to run.")
        try:
            getattr(self, f"_{options['action']}")(Path(settings.VAR_DIR), options)
        except (server.ServerError, NoServer) as error:
            raise CommandError(server.why_not(Path(settings.VAR_DIR), error)) from error

    def _start(self, var: Path, options: dict[str, Any]) -> None:
        self.stdout.write("started" if server.ensure_running(var) else "runs already")

    def _stop(self, var: Path, options: dict[str, Any]) -> None:
        self.stdout.write("stopped" if server.stop(var) else "does not run")

    def _status(self, var: Path, options: dict[str, Any]) -> None:
        found = server.status(var)
        state = f"runs, PostgreSQL {found.version}, process {found.pid}"
        self.stdout.write(state if found.running else "does not run")
        self.stdout.write(f"data   {found.data}\nsocket {found.socket}")

    def _backup(self, var: Path, options: dict[str, Any]) -> None:
        """One compressed file for pg_restore, complete as of one moment."""
        server.ensure_running(var)
        name = f"rapport-{datetime.now(UTC):%Y%m%d-%H%M%S}.dump"
        target = (options["to"] or var / "backups" / name).resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        command = [server.program(var, "pg_dump"), "--format=custom", f"--dbname={server.DATABASE}"]
        command += [f"--host={paths.socket_dir(var)}", f"--username={server.ROLE}"]
        part = target.with_name(f"{target.name}.part")  # a killed one is not taken for a whole one
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            failed = subprocess.run(command, stdout=file, check=False).returncode
        if failed:
            part.unlink()
            raise CommandError(f"The backup failed; there is no {target}.")
        part.replace(target)
        self.stdout.write(f"{target} ({target.stat().st_size:,} bytes)")
