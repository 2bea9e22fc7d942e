"""Starts, stops and describes the embedded PostgreSQL server of one installation.

The server is detached: it outlives the process that started it. Any number of processes may ask
for it at once; a lock file lets one of them start it. It listens on a socket only, in a folder
that its own user alone may enter, which is why it may trust whoever connects.
"""

import fcntl
import os
import pwd
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psycopg
from psycopg import sql

from config import disk, paths
from config.postgres import binaries
from config.postgres.binaries import Binaries
from config.postgres.processes import end_orphans, is_server

NEW_BYTES = 256 * disk.MEGABYTE  # the data of a new installation, and some for what it begins with
PORT = 5432  # only a part of the socket's name
SUPERUSER, ROLE, DATABASE = "postgres", "rapport", "rapport"
START_SECONDS = 10.0  # a killed server's children take a moment to be gone
DELETED = " (deleted)"  # what the kernel adds to the name of a running program that was replaced
SETTLE_SECONDS = 5.0  # after the new program came, the rest of its files are there too
RECOVERY_SECONDS = 300  # after a crash the server replays its log before it answers
SETTINGS = {  # in the data from the first start on, and given again at each
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_connections": "80",
    "jit": "off",
    "random_page_cost": "1.1",
    "wal_compression": "on",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    # what a failing statement says may be personal data, which no log may hold
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
}
# given at each start where the build takes it, in place of what `SETTINGS` has. Never kept with the
# data, which a build without it could not start then.
BETTER = {"wal_compression": "lz4"}  # pglz takes half of the computing of whatever writes much


class ServerError(Exception):
    """The server cannot be started; the message is one sentence for the person in front of it."""


@dataclass(frozen=True)
class ServerStatus:
    """What `dbserver status` prints."""

    running: bool
    pid: int | None
    data: Path
    socket: Path
    version: str


@dataclass(frozen=True)
class _Place:
    """The files of one installation's server."""

    home: Path
    run: Path

    @classmethod
    def of(cls, var: Path) -> "_Place":
        return cls(paths.database_home(var), paths.socket_dir(var))

    @property
    def data(self) -> Path:
        return self.home / "postgres"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def socket(self) -> Path:
        return self.run / f".s.PGSQL.{PORT}"

    @property
    def note(self) -> Path:
        return self.home / "started-by-up"

    def user(self) -> pwd.struct_passwd | None:
        """The system user to run as: None is ourselves. Never another than the data's owner."""
        if os.geteuid() != 0:
            return None
        if self.data.exists() and self.data.stat().st_uid != 0:
            return pwd.getpwuid(self.data.stat().st_uid)
        return paths.service_user()


def is_listening(var: Path) -> bool:
    """Does something listen on the socket? It may still be replaying its log, or be stopped.

    One that takes nobody has a queue that fills: it is there all the same.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(_Place.of(var).socket))
        except (BlockingIOError, TimeoutError):
            return True
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError, PermissionError):
            return False
    return True


def is_up(var: Path) -> bool:
    """Does it listen, its process alive? (A killed one's socket is cleared away a little later.)"""
    return is_listening(var) and _postmaster(_Place.of(var)) is not None


def ensure_running(
    var: Path,
    options: Mapping[str, str] | None = None,
    *,
    for_up: bool = False,
    may_create: bool = True,
) -> bool:
    """Start the server unless it runs, creating it first if need be. True if this call did.

    `options` are server settings for this start only. `for_up`: whoever is `up` then stops it, as
    a file beside the data says. Raises ServerError or NoServer; without `may_create` also where the
    data is gone: a disk that is not mounted must not become an empty installation.
    """
    place = _Place.of(var)
    if not may_create and not (place.data / "PG_VERSION").exists():
        raise ServerError(f"The database's files in {place.data} are gone; nothing is made anew.")
    paths.make_private(place.home, place.user())
    with _locked(place):
        if is_up(var) and _becomes_ready(place):
            return False
        user = place.user()
        found = binaries.find(place.data)
        if user:
            found = binaries.reachable_by(found, user, place.home)
        if not (place.data / "PG_VERSION").exists():
            _create(place, found, user)
        _note(place, for_up)
        _launch(place, found, user, options or {})
        if not _becomes_ready(place):
            raise ServerError(f"The database server does not answer: {_last_words(place)}")
        _make_database(place)
        return True


def why_not(var: Path, error: Exception) -> str:
    """Why it does not start, in one sentence: a disk without room says more than the server can."""
    worst = disk.trouble(var)
    if worst is not None and worst.fault != disk.LOW:
        return f"The database server does not start: {disk.in_english(worst)}."
    if isinstance(error, OSError):
        return f"The database server does not start: {error.strerror} ({var})."
    return str(error)


def stop(var: Path) -> bool:
    """Stop the server cleanly; at once if it will not. False when it did not run."""
    place = _Place.of(var)
    if not place.home.exists():
        return False
    with _locked(place):
        pid = _postmaster(place)
        if pid is None:
            _remove_stale_locks(place)
            end_orphans(place.data)
            return False
        program = binaries.find(place.data)
        if user := place.user():
            program = binaries.reachable_by(program, user, place.home)
        for mode in ("fast", "immediate"):
            command = [program.path("pg_ctl"), "-D", str(place.data), "-m", mode, "-w", "-t", "30"]
            if _run(place, [*command, "stop"], place.user()) == 0 or _postmaster(place) is None:
                return True
        raise ServerError(f"The database server {pid} does not stop; see {place.log}.")


def is_for_up(var: Path) -> bool:
    """Was it started by an `up` (this one or one that was killed), which is to stop it then?"""
    return _Place.of(var).note.exists()


def keep_for_up(var: Path) -> None:
    """It is that of `up` whoever started it in its place (a command that was quicker)."""
    if not is_for_up(var):
        with suppress(ServerError):
            _note(_Place.of(var), for_up=True)


def programs_were_replaced(var: Path) -> bool:
    """Does the server run from a program that is another one on disk by now (an upgrade)?

    It then goes on with the old one in memory and fails as soon as it loads a library of the new.
    False while the upgrade may still be under way, and where nothing stands in its place.
    """
    pid = _postmaster(_Place.of(var))
    if pid is None:
        return False
    program = Path(f"/proc/{pid}/exe")
    try:
        name = os.readlink(program)
        running, found = program.stat(), Path(name.removesuffix(DELETED)).stat()
    except OSError:  # gone meanwhile, another user's, or nothing is there any more
        return False
    is_same = os.path.samestat(running, found) or (
        not name.endswith(DELETED) and running.st_mtime_ns == found.st_mtime_ns
    )
    return not is_same and time.time() - found.st_ctime >= SETTLE_SECONDS


def restart(var: Path, options: Mapping[str, str] | None = None) -> str:
    """Stop it, cutting transactions short, and start what is on disk; its version then."""
    for_up = is_for_up(var)
    stop(var)
    ensure_running(var, options, for_up=for_up, may_create=False)
    return status(var).version


def status(var: Path) -> ServerStatus:
    """Whether the server runs, where it keeps what, and its version ("" when it does not run)."""
    place = _Place.of(var)
    version = ""
    if running := is_up(var) and _becomes_ready(place):
        with _connect(place, "postgres") as connection:
            version = connection.info.parameter_status("server_version") or ""
    return ServerStatus(running, _postmaster(place), place.data, place.run, version)


def program(var: Path, name: str) -> str:
    """Path of a PostgreSQL program (pg_dump, psql) that suits this installation's data."""
    return binaries.find(_Place.of(var).data).path(name)


def is_ours(var: Path) -> bool:
    """Is the socket's folder ours? One in the shared temporary folder might be an impostor's."""
    place = _Place.of(var)
    if place.run.parent == place.home or not place.run.exists():
        return True
    user = place.user()
    return place.run.lstat().st_uid == (user.pw_uid if user else os.geteuid())


# --- creating ---------------------------------------------------------------------------------


def _create(place: _Place, program: Binaries, user: pwd.struct_passwd | None) -> None:
    """initdb beside the final place, then rename: a killed attempt leaves nothing half made.

    Not without room: a server that finds none while it starts is waited for in vain.
    """
    new = place.home / "postgres.new"
    shutil.rmtree(new, ignore_errors=True)
    if (free := shutil.disk_usage(place.home).free) < NEW_BYTES:
        raise ServerError(
            f"A new database needs {NEW_BYTES // disk.MEGABYTE} MB, and {place.home} has "
            f"{free // disk.MEGABYTE} MB: make room, or set VAR_DIR to another disk."
        )
    _own_folder(new, user, mode=0o700)
    command = [program.path("initdb"), "-D", str(new), "-U", SUPERUSER, "-A", "trust"]
    command += ["-E", "UTF8", "--locale=C.UTF-8", "--data-checksums"]
    if _run(place, command, user) != 0:
        raise ServerError(f"The database could not be created: {_last_words(place)}")
    with (new / "postgresql.auto.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
    new.rename(place.data)
    if place.home != paths.BASE_DIR / "var":
        print(f"The database is kept in {place.data}", file=sys.stderr)  # noqa: T201


def _make_database(place: _Place) -> None:
    """The login role and its database. The role may create roles and (test) databases, no more."""
    role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
    with _connect(place, "postgres") as connection:
        known = "SELECT FROM pg_roles WHERE rolname = %s"
        if not connection.execute(known, [ROLE]).rowcount:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE").format(role))
        known = "SELECT FROM pg_database WHERE datname = %s"
        if not connection.execute(known, [DATABASE]).rowcount:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))


# --- starting ---------------------------------------------------------------------------------


def _launch(
    place: _Place, program: Binaries, user: pwd.struct_passwd | None, options: Mapping[str, str]
) -> None:
    """Run the server by pg_ctl, which leaves it an orphan: no parent of it can keep a zombie."""
    _own_folder(place.run, user, mode=0o700)
    quoted = str(place.run).replace('"', '""')
    given = _settings(place, program, user) | {"unix_socket_directories": f'"{quoted}"'}
    given |= {"port": str(PORT), **options}
    arguments = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in given.items())
    # PGDATA and a relative log: pg_ctl hands what -D and -l say to a shell without escaping it
    command = [program.path("pg_ctl"), "-w", "-t", str(RECOVERY_SECONDS), "-s", "-l", "server.log"]
    command += ["-o", arguments, "start"]
    deadline = time.monotonic() + START_SECONDS
    while True:
        _remove_stale_locks(place)
        # somebody's pg_ctl may have outlived the process that asked for it
        if _postmaster(place) is not None:
            return
        end_orphans(place.data)
        if _run(place, command, user) == 0:
            return
        if time.monotonic() > deadline:
            raise ServerError(f"The database server does not start: {_last_words(place)}")
        time.sleep(0.25)


def _settings(place: _Place, program: Binaries, user: pwd.struct_passwd | None) -> dict[str, str]:
    """Ours of today, whenever the data was made; what somebody set by ALTER SYSTEM is theirs."""
    kept = _kept_settings(place)
    ours = {name: value for name, value in SETTINGS.items() if kept.get(name, value) == value}
    for name, value in BETTER.items():
        # the server is not started: it says what it would take
        command = [program.path("postgres"), "-C", name, "-D", str(place.data)]
        if name in ours and _run(place, [*command, "-c", f"{name}={value}"], user, quiet=True) == 0:
            ours[name] = value
    return ours


def _kept_settings(place: _Place) -> dict[str, str]:
    """What lies with the data: ours since it was made, or what ALTER SYSTEM put in its place."""
    lines: list[str] = []
    with suppress(FileNotFoundError):
        lines = (place.data / "postgresql.auto.conf").read_text(errors="replace").splitlines()
    pairs = (line.split(" = ", 1) for line in lines if " = " in line and not line.startswith("#"))
    return {name: value.strip("'") for name, value in pairs}


def _note(place: _Place, for_up: bool) -> None:
    """Before the start: whoever is killed right after it could not say so any more."""
    try:
        if for_up:
            place.note.touch(mode=0o600)
        else:
            place.note.unlink(missing_ok=True)
    except OSError as error:
        raise ServerError(f"{place.home} cannot be written: {error.strerror}.") from error


def _becomes_ready(place: _Place) -> bool:
    """Wait until it answers; False when it dies instead (it may just have been killed)."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    while True:
        try:
            _connect(place, "postgres").close()
            return True
        except psycopg.OperationalError:
            if _postmaster(place) is None or time.monotonic() > deadline:
                return False
        time.sleep(0.1)


def _remove_stale_locks(place: _Place) -> None:
    """Remove lock files whose server is dead; a zombie counts as dead (nobody may ever reap it)."""
    for lock in (place.data / "postmaster.pid", place.run / f"{place.socket.name}.lock"):
        if (pid := _first_number(lock)) is not None and not is_server(pid, place.data):
            lock.unlink(missing_ok=True)
    if not (place.run / f"{place.socket.name}.lock").exists():
        place.socket.unlink(missing_ok=True)


def _postmaster(place: _Place) -> int | None:
    """Process id of the running server, or None."""
    pid = _first_number(place.data / "postmaster.pid")
    return pid if pid is not None and is_server(pid, place.data) else None


def _first_number(path: Path) -> int | None:
    try:
        return abs(int(path.read_text().split("\n", 1)[0]))
    except (FileNotFoundError, ValueError):
        return None


# --- helpers ----------------------------------------------------------------------------------


def _connect(place: _Place, database: str) -> psycopg.Connection:
    return psycopg.connect(
        host=str(place.run),
        port=PORT,
        user=SUPERUSER,
        dbname=database,
        autocommit=True,
        connect_timeout=10,
    )


@contextmanager
def _locked(place: _Place) -> Iterator[None]:
    """One process at a time creates, starts or stops. The system frees the lock of a dead one."""
    handle = os.open(place.home / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _run(
    place: _Place, command: list[str], user: pwd.struct_passwd | None, *, quiet: bool = False
) -> int:
    """Run a PostgreSQL program as `user`; its words go to the log, for it hands them to its child.
    With `quiet` they go nowhere.

    TZ: initdb would take the zone that Django exports for the server's own.
    """
    environment = {
        "PGDATA": str(place.data),
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
    }
    with _opened_log(place) as log:
        try:
            return subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if quiet else log,
                stderr=subprocess.DEVNULL if quiet else log,
                env=environment,
                cwd=place.data if place.data.exists() else "/",
                start_new_session=True,
                user=user.pw_uid if user else None,
                group=user.pw_gid if user else None,
                extra_groups=[] if user else None,
                check=False,
            ).returncode
        except PermissionError as error:
            name = user.pw_name if user else "we"
            raise ServerError(f"{name} may not run {command[0]}: {error.strerror}.") from error


def _opened_log(place: _Place) -> BinaryIO:
    """To append to, and nobody else's to read."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    handle = os.open(place.log, flags, 0o600)
    os.fchmod(handle, 0o600)
    return os.fdopen(handle, "ab")


def _own_folder(folder: Path, user: pwd.struct_passwd | None, *, mode: int) -> None:
    """Make `folder`; as root let the server's user own it."""
    folder.mkdir(parents=True, exist_ok=True)
    found = folder.lstat()
    ours = {0, os.geteuid(), user.pw_uid if user else 0}
    if stat.S_ISLNK(found.st_mode) or found.st_uid not in ours:
        raise ServerError(f"{folder} belongs to somebody else; remove it or move VAR_DIR.")
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(mode)


def _last_words(place: _Place) -> str:
    """The end of the server's log, to put behind a colon."""
    lines: list[str] = []
    for path in (place.log, place.data / "server.log"):
        with suppress(OSError):
            lines += path.read_text(errors="replace").strip().splitlines()[-2:]
    return " / ".join(lines)
