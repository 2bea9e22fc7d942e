"""One file with all that an installation is: its database, the files of VAR_DIR, its keys if asked.

The database is dumped as of one moment while all goes on, without owners, rights and the broker's
queues: `migrate` makes those anew under whatever names the new place has.
"""

import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
    part = file.with_name(f".{file.name}.part")  # a killed one is not taken for a whole one
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with (
            tempfile.TemporaryDirectory(dir=file.parent, prefix=".rapport-") as beside,
            os.fdopen(handle, "wb") as opened_file,
            tarfile.open(fileobj=opened_file, mode="w") as tar,
        ):
            dump, about = Path(beside) / DUMP, Path(beside) / ABOUT
            _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges",
                 "--exclude-schema=pgmq", f"--file={dump}")  # fmt: skip
            about.write_text(json.dumps(_about(with_keys)))
            tar.add(about, ABOUT)
            tar.add(dump, DUMP)
            names = [name for name in FILES if (var / name).is_dir()]
            for name in names:
                tar.add(var / name, f"files/{name}")
            count = sum(one.isfile() for one in tar.getmembers()) - 2
        part.replace(file)
    except OSError as error:
        raise NotSaved(f"{error.filename or file} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
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
        """In one transaction, into a database that is emptied first. Raises NotSaved."""
        self.tar.extract(DUMP, self.folder, filter="data")
        _run("pg_restore", "--list", str(self.folder / DUMP), is_quiet=True)
        self._take_keys()
        owned: Any = connection  # ours: the stubs know Django's only
        with owned.owner(), connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA IF EXISTS pgmq CASCADE")
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
        connection.close()
        _run("pg_restore", "--no-owner", "--no-privileges", "--single-transaction",
             "--exit-on-error", str(self.folder / DUMP))  # fmt: skip

    def restore_files(self) -> int:
        """Into VAR_DIR; what is there of another name stays. How many."""
        found = [one for one in self.tar.getmembers() if one.name.startswith("files/")]
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


def _run(name: str, *arguments: str, is_quiet: bool = False) -> None:
    """A program of PostgreSQL, connected as the owner. Raises NotSaved with its last words."""
    given = dict(connection.get_connection_params())
    known = ("host", "port", "user", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey")
    place = make_conninfo(**{key: given[key] for key in known if given.get(key)})
    environment = {**os.environ, "PGPASSWORD": str(given.get("password") or "")}
    command = [server.program(Path(settings.VAR_DIR), name)]
    command += [*arguments] if "--list" in arguments else [f"--dbname={place}", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode and not is_quiet:
        words = done.stderr.strip().splitlines()[-1:] or ["no word"]
        raise NotSaved(f"{name} failed: {words[0]}")
    if done.returncode:
        raise NotSaved("The backup's dump cannot be read: it is damaged.")
