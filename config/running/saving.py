"""One file with all that an installation is: its database, the files of VAR_DIR, its keys if asked.

The database is dumped as of one moment while all goes on, without owners, rights and the broker's
queues: `migrate` makes those anew under whatever names the new place has.
"""

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection
from psycopg import sql
from psycopg.conninfo import make_conninfo

from config.postgres import server
from config.version import version
from config.workspace.access import tokens

FILES: Final = ("archives", "media", "unsettled", "mailbox")  # of VAR_DIR: what nobody makes anew
KEYS: Final = ("secrets_key", "secret_key", "secrets_key_before")
DUMP, ABOUT = "database.dump", "about.json"
SETTING: Final = {name: name.upper() for name in KEYS}
EMPTIED: Final = b"""
    SET client_min_messages = warning;
    DROP SCHEMA IF EXISTS pgmq CASCADE;
    DROP SCHEMA public CASCADE;
    CREATE SCHEMA public;
"""
OTHERS: Final = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend'
"""


class NotSaved(Exception):
    """Why there is no backup, or nothing was restored; one sentence."""


def back_up(file: Path, *, with_keys: bool) -> int:
    """Write it, readable by its owner alone; how many files are in it. Raises NotSaved."""
    if file.exists():
        raise NotSaved(f"{file} is there already: name another file.")
    var = Path(settings.VAR_DIR)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # a folder that nobody else opens, also in a shared one; a killed one is not taken for whole
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".rapport-") as beside:
            part, dump, about = (Path(beside) / name for name in ("part", DUMP, ABOUT))
            part.touch(mode=0o600)
            with tarfile.open(part, mode="w") as tar:
                _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges",
                     "--exclude-schema=pgmq", f"--file={dump}")  # fmt: skip
                about.write_text(json.dumps(_about(with_keys)))
                tar.add(about, ABOUT)
                tar.add(dump, DUMP)
                for name in FILES:
                    if (var / name).is_dir():
                        tar.add(var / name, f"files/{name}")
                count = sum(one.isfile() for one in tar.getmembers()) - 2
            part.replace(file)
    except OSError as error:
        raise NotSaved(f"{error.filename or file} cannot be written: {error.strerror}.") from error
    return count


def _about(with_keys: bool) -> dict[str, Any]:
    keys = {name: getattr(settings, SETTING[name]) for name in KEYS} if with_keys else {}
    return {"version": version(), "at": datetime.now(UTC).isoformat(), "keys": keys}


@dataclass
class Backup:
    """An opened one, and its files in a folder of their own."""

    tar: tarfile.TarFile
    folder: Path
    about: dict[str, Any]

    def restore_database(self) -> None:
        """In the place of what is there, in one transaction: of a dump that is damaged somewhere,
        or does not fit, nothing is taken and nothing is lost. Raises NotSaved.
        """
        self.tar.extract(DUMP, self.folder, filter="data")
        connection.close()
        _replay(self.folder / DUMP)
        self._take_keys()

    def restore_files(self) -> int:
        """Into VAR_DIR; what is there of another name stays. How many."""
        found = [one for one in self.tar.getmembers() if _is_of_ours(one)]
        for one in found:
            one.name = one.name.removeprefix("files/")
            self.tar.extract(one, settings.VAR_DIR, filter="data")
        return sum(one.isfile() for one in found)

    def _take_keys(self) -> None:
        """Those of the backup, where no variable says another."""
        for name, value in self.about["keys"].items():
            if value and not os.environ.get(SETTING[name]):
                path = Path(settings.VAR_DIR) / f"{name}.txt"
                path.touch(mode=0o600)
                path.write_text(value)
                setattr(settings, SETTING[name], value)


def _is_of_ours(one: tarfile.TarInfo) -> bool:
    """A file or folder of FILES: no key comes this way, no database, and nothing by a link."""
    top, *parts = Path(one.name).parts or [""]
    return (
        top == "files"
        and parts[:1] != []
        and parts[0] in FILES
        and ".." not in parts
        and (one.isfile() or one.isdir())
    )


@contextmanager
def opened(file: Path, *, over_data: bool) -> Iterator[Backup]:
    """A backup that may be restored here. Raises NotSaved."""
    _refuse_over_data(over_data)
    try:
        with (
            tarfile.open(file, "r:") as tar,
            tempfile.TemporaryDirectory(prefix="rapport-restore-") as folder,
        ):
            told = tar.extractfile(ABOUT)
            yield Backup(tar, Path(folder), json.loads(told.read() if told else b"{}"))
    except (OSError, KeyError, tarfile.TarError, ValueError) as error:
        words = " ".join(str(error).split())
        raise NotSaved(f"{file} is no backup of Rapport's that can be read ({words}).") from error


def _refuse_over_data(over_data: bool) -> None:
    owned: Any = connection
    with owned.owner(), connection.cursor() as cursor:
        cursor.execute(OTHERS)
        if cursor.fetchone()[0]:
            raise NotSaved("Somebody is connected to this database: stop `up` and the workers.")
        for table in ("profile", "user", "event", "audit_entry"):
            cursor.execute("SELECT to_regclass(%s)", [table])
            if cursor.fetchone()[0] is None or over_data:
                continue
            name = sql.Identifier(table)
            cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(name))
            if cursor.fetchone()[0]:
                raise NotSaved(
                    "This installation has data of its own: restore into an empty one, or say "
                    "--over-data, which takes its data away."
                )


def about_keys() -> str:
    """What is to be done about the keys after a restore, in a sentence."""
    tokens.forget_keys()
    if not tokens.unreadable():
        return "Its keys are here: links in mails that were sent go on working."
    return (
        "SECRETS_KEY is not the one of the backup: put that into VAR_DIR/secrets_key.txt, or into "
        "the variable, before `up`; where it is lost, `manage.py secrets give-up` goes on without."
    )


def _run(name: str, *arguments: str) -> None:
    """A program of PostgreSQL, connected as the owner. Raises NotSaved with its last words."""
    command, environment = _connected(name)
    command += arguments
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotSaved(f"{name} failed: {_last_of(done.stderr)}")


def _connected(name: str) -> tuple[list[str], dict[str, str]]:
    given = dict(connection.get_connection_params())
    known = ("host", "port", "user", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey")
    place = make_conninfo(**{key: given[key] for key in known if given.get(key)})
    environment = {**os.environ, "PGPASSWORD": str(given.get("password") or "")}
    return [server.program(Path(settings.VAR_DIR), name), f"--dbname={place}"], environment


def _last_of(said: str) -> str:
    lines = said.strip().splitlines() or ["no word"]
    return next((line for line in lines if "ERROR:" in line), lines[-1])


def _replay(dump: Path) -> None:
    """The statements of the dump, behind those that empty the database, committed as one once the
    last of them was read. Raises NotSaved.
    """
    command, environment = _connected("psql")
    command += ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    reader = [server.program(Path(settings.VAR_DIR), "pg_restore")]
    reader += ["--no-owner", "--no-privileges", "--file=-", str(dump)]
    with (
        tempfile.TemporaryFile("w+") as unread,
        tempfile.TemporaryFile("w+") as refused,
        subprocess.Popen(reader, stdout=subprocess.PIPE, stderr=unread) as reading,
        subprocess.Popen(
            [*command, "--file=-"], env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=refused,
        ) as writing,
    ):  # fmt: skip
        assert reading.stdout and writing.stdin  # noqa: S101 - both are pipes
        try:
            writing.stdin.write(EMPTIED)
            shutil.copyfileobj(reading.stdout, writing.stdin)
            writing.stdin.flush()
        except BrokenPipeError:  # it was refused: why, it says itself
            reading.kill()
        else:
            if reading.wait():  # before the end is told, so that nothing is committed
                writing.kill()
                unread.seek(0)
                words = (
                    f"The backup's dump cannot be read: it is damaged ({_last_of(unread.read())})."
                )
                raise NotSaved(words)
        with suppress(BrokenPipeError):
            writing.stdin.close()
        if writing.wait():
            refused.seek(0)
            raise NotSaved(f"psql failed, nothing was changed: {_last_of(refused.read())}")
