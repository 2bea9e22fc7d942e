"""Runs the whole installation in the foreground: web, both workers with the tick, demo mailbox."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections

from config import celery, paths
from config.demo import state, team
from config.postgres import broker, capacity, server
from config.postgres.binaries import NoServer
from config.running import mailbox
from config.running.checks import open_without
from config.running.supervisor import RunPlan
from config.running.taking_over import Stopping, taking_over
from config.web.command import command
from config.workspace.access import first_admin, tokens


class Command(BaseCommand):
    """`up [--port N]`."""

    help = "Migrates, then runs web server, worker and scheduler until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen."""
        parser.add_argument("--port", type=int, default=8000, help="TCP port (default: 8000)")
        parser.add_argument("--host", default="127.0.0.1", help="address (default: 127.0.0.1)")
        parser.add_argument(
            "--in-the-open",
            action="store_true",
            help="listen beyond this machine although BASE_URL is not https",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare with Django, then become the supervisor, which does without."""
        var, host, port = Path(settings.VAR_DIR), options["host"], options["port"]
        if said := open_without(host, is_meant=options["in_the_open"]):
            raise CommandError(said)
        if said := celery.no_answer():
            raise CommandError(said)
        with taking_over(self.stdout.write, host, port) as stopping:
            plan = self._prepare(var, host, port, stopping)
            os.chdir(paths.BASE_DIR)
            command = [sys.executable, "-m", "config.running.supervisor", str(_as_file(plan))]
            stopping.wait()
            os.execv(sys.executable, command)  # noqa: S606 - becoming it is the point

    def _prepare(self, var: Path, host: str, port: int, stopping: Stopping) -> RunPlan:
        """Database, tables, folders. Raises LostKey: without its key, links and sends break."""
        with stopping.held():
            self._start_database(var)
        call_command("migrate", interactive=False, verbosity=0)
        tokens.ensure_readable()
        url = settings.BASE_URL if os.environ.get("BASE_URL") else f"http://127.0.0.1:{port}"
        os.environ["BASE_URL"] = url
        Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # whitenoise asks for it
        plan = RunPlan(
            commands=self._commands(host, port, var),
            url=url,
            port=port,
            host=host,
            var=str(var),
            database=str(var) if settings.EMBEDDED_POSTGRES else None,
            words=self._words(url),
        )
        connections.close_all()
        self.stdout.flush()
        return plan

    def _start_database(self, var: Path) -> None:
        if not settings.EMBEDDED_POSTGRES:
            return
        try:
            server.ensure_running(var, for_up=True)
        except (server.ServerError, NoServer, OSError) as error:
            raise CommandError(server.why_not(Path(settings.VAR_DIR), error)) from error

    def _commands(self, host: str, port: int, var: Path) -> dict[str, list[str]]:
        python = [sys.executable, "-m"]
        commands = {
            "web": command(host, port),
            "worker": _worker(broker.QUEUE, settings.CELERY_CONCURRENCY),
            "delivery": _worker(broker.DELIVERY_QUEUE, settings.DELIVERY_CONCURRENCY),
        }
        if not settings.EMAIL_URL:
            commands["mailbox"] = [*python, "config.running.mailbox", str(mailbox.folder(var))]
            commands["mailbox"] += [str(settings.MAILBOX_PORT)]
        return commands

    def _words(self, url: str) -> list[str]:
        words = [f"Rapport is running at {url}/ (Ctrl-C stops it)"]
        with connection.cursor() as cursor:
            room = capacity.ask(cursor)
        if room.is_short:
            words.append(capacity.in_english(room))
        if not settings.EMAIL_URL:
            words.append("EMAIL_URL is not set: mail goes to the demo mailbox, to nobody else")
        if not get_user_model().objects.exists():
            words.append(f"Make the first admin: {url}{first_admin.path()}")
        if run := state.current():
            words += team.words(run, url)
        return words


def _worker(queue: str, processes: int) -> list[str]:
    words = [sys.executable, "-W", "ignore:You're running the worker", "-m", "celery", "-q"]
    words += ["-A", "config.celery", "worker", "--loglevel", "WARNING"]
    words += ["--queues", queue, "--concurrency", str(processes), "--hostname", f"{queue}@%h"]
    return [*words, "--without-gossip", "--without-mingle", "--without-heartbeat"]


def _as_file(plan: RunPlan) -> int:
    """The plan on an open file: a command line would show the one-time link to everybody."""
    handle = os.memfd_create("plan", 0)  # 0: inherited by the supervisor
    os.write(handle, json.dumps(asdict(plan)).encode())
    os.lseek(handle, 0, os.SEEK_SET)
    return handle
