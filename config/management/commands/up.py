"""Runs the whole installation in the foreground: web, both workers with the tick, demo mailbox."""

import fcntl
import json
import os
import socket
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from config import mailbox, paths
from config.demo import state, team
from config.postgres import broker, server
from config.postgres.binaries import NoServer
from config.supervisor import Plan
from config.web.command import command
from config.workspace import first_admin, tokens


class Command(BaseCommand):
    """`up [--port N]`."""

    help = "Migrates, then runs web server, worker and scheduler until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen."""
        parser.add_argument("--port", type=int, default=8000, help="TCP port (default: 8000)")
        parser.add_argument("--host", default="127.0.0.1", help="address (default: 127.0.0.1)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare with Django, then become the supervisor, which does without."""
        host, port = options["host"], options["port"]
        var = Path(settings.VAR_DIR)
        self._only_one(var)
        ensure_free(host, port)
        started = self._start_database(var)
        call_command("migrate", interactive=False, verbosity=0)
        self._compare_keys(started)
        url = settings.BASE_URL if os.environ.get("BASE_URL") else f"http://127.0.0.1:{port}"
        os.environ["BASE_URL"] = url
        plan = Plan(
            commands=self._commands(host, port, var),
            url=url,
            port=port,
            database=str(var) if settings.EMBEDDED_POSTGRES else None,
            stop_database=started,
            words=self._words(url),
        )
        Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # whitenoise asks for it
        connections.close_all()
        self.stdout.flush()
        os.chdir(paths.BASE_DIR)
        command = [sys.executable, "-m", "config.supervisor", str(_as_file(plan))]
        os.execv(sys.executable, command)  # noqa: S606 - becoming it is the point

    def _compare_keys(self, started: bool) -> None:
        """A restored database without its key would break links and sends. Raises LostKey."""
        try:
            tokens.ensure_readable()
        except tokens.LostKey:
            connections.close_all()
            if started:
                server.stop(Path(settings.VAR_DIR))
            raise

    def _start_database(self, var: Path) -> bool:
        if not settings.EMBEDDED_POSTGRES:
            return False
        try:
            return server.ensure_running(var)
        except (server.ServerError, NoServer) as error:
            raise CommandError(str(error)) from error

    def _only_one(self, var: Path) -> None:
        """Hold a lock that outlives the exec. The system frees it when the supervisor ends."""
        var.mkdir(parents=True, exist_ok=True)
        handle = os.open(var / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(f"`up` is running already for {var}.") from None
        os.set_inheritable(handle, True)

    def _commands(self, host: str, port: int, var: Path) -> dict[str, list[str]]:
        python = [sys.executable, "-m"]
        commands = {
            "web": command(host, port),
            "worker": _worker(broker.QUEUE, settings.CELERY_CONCURRENCY),
            "delivery": _worker(broker.DELIVERY_QUEUE, settings.DELIVERY_CONCURRENCY),
        }
        if not settings.EMAIL_URL:
            commands["mailbox"] = [*python, "config.mailbox", str(mailbox.folder(var))]
            commands["mailbox"] += [str(settings.MAILBOX_PORT)]
        return commands

    def _words(self, url: str) -> list[str]:
        words = [f"Rapport is running at {url}/ (Ctrl-C stops it)"]
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


def _as_file(plan: Plan) -> int:
    """The plan on an open file: a command line would show the one-time link to everybody."""
    handle = os.memfd_create("plan", 0)  # 0: inherited by the supervisor
    os.write(handle, json.dumps(asdict(plan)).encode())
    os.lseek(handle, 0, os.SEEK_SET)
    return handle


def ensure_free(host: str, port: int) -> None:
    """Raise CommandError where somebody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} is taken ({error.strerror}): choose another one with --port."
            ) from None
