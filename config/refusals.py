"""Why a command cannot go on for want of something outside: one sentence, with the remedy.

What is wrong with the database's address, its server or our folder is nothing that a traceback of
ours explains. Whatever is not known here stays an error with its traceback.
"""

import errno
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg

from config import disk
from config.postgres.backend.pooling import RefusedPooler

# what libpq or the server says of a connection that fails -> what is to be done
_CONNECTING: tuple[tuple[str, str], ...] = (
    ("password authentication failed", "refuses the log-in: check user and password"),
    ("no password supplied", "wants a password, and none is given"),
    ("does not exist", "knows no such user or database: create it, or correct the name"),
    ("pg_hba.conf", "lets nobody in from here by that user: its pg_hba.conf decides that"),
    ("permission denied for database", "does not let this user connect: GRANT CONNECT to it"),
    ("Connection refused", "does not listen there: start it, or correct host and port"),
    (
        "No such file or directory",
        "does not listen there: start it, or correct the socket's folder",
    ),
    ("resolve host", "has a host name that nobody knows: correct it"),
    ("translate host name", "has a host name that nobody knows: correct it"),
    ("timeout", "does not answer in time: is a firewall in between?"),
    ("SSL", "does not agree about encryption: see sslmode"),
    ("certificate", "shows a certificate that is not trusted: see sslrootcert"),
    ("too many", "has no connection left: raise max_connections, or end others"),
    ("connection slots", "has no connection left: raise max_connections, or end others"),
    ("starting up", "is starting: try again in a moment"),
    ("shutting down", "is being stopped: start it"),
)
_STATES: dict[type[psycopg.Error], str] = {
    psycopg.errors.InsufficientPrivilege: (
        "The database's user lacks a right ({words}): let it own the database, or run `migrate` as "
        "its owner."
    ),
    psycopg.errors.DiskFull: "The database's disk is full ({words}): make room and start again.",
    psycopg.errors.ReadOnlySqlTransaction: (
        "The database takes no writes ({words}): name the primary server, not a replica."
    ),
    psycopg.errors.LockNotAvailable: "Somebody else is at the same tables: try again ({words}).",
}
_FILES = {
    errno.EROFS: "is on a file system that cannot be written: mount it so, or set VAR_DIR",
    errno.EACCES: "may not be used by this user: give it to them, or set VAR_DIR",
    errno.EPERM: "may not be used by this user: give it to them, or set VAR_DIR",
    errno.ENOSPC: "finds no room on its disk: make some and start again",
    errno.EDQUOT: "is over the quota of its disk: make room and start again",
}


def in_words(error: BaseException, var: str, database: str) -> str:
    """One sentence, "" where it is none of what is known here.

    `var` is the folder of files (VAR_DIR); `database` names the database without a password.
    """
    for one in _chain(error):
        for found in (_of_the_database(one, database), _of_a_file(one, var)):
            if found:
                return found
    return ""


def place_of(settings: Any) -> str:
    """How a sentence names the database: "DATABASE_URL (user@host:port/name)"."""
    if settings.EMBEDDED_POSTGRES:
        return "The embedded database server"
    given = settings.DATABASES["default"]
    host, port = given["HOST"] or "the local socket", given["PORT"]
    where = f"{given['USER'] or 'nobody'}@{host}{f':{port}' if port else ''}/{given['NAME']}"
    return f"DATABASE_URL: the server of {where}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The innermost last: what Django wraps names its cause."""
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__


def _of_the_database(error: BaseException, database: str) -> str:
    if not isinstance(error, psycopg.Error):
        return ""
    if isinstance(error, RefusedPooler):
        return f"{database} is behind a pooler that {error.fault}: {error.remedy}."
    words = " ".join(str(error).split())
    for kind, sentence in _STATES.items():
        if isinstance(error, kind):
            return sentence.format(words=_first_line(error))
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        for sign, said in _CONNECTING:
            if sign in words:
                return f"{database} {said}."
        if words.startswith(("connection", "could not connect")):
            return f"{database} cannot be reached ({words})."
    return ""


def _of_a_file(error: BaseException, var: str) -> str:
    if not isinstance(error, OSError) or error.errno not in _FILES:
        return ""
    name = str(error.filename or var)
    return f"{name} {_FILES[error.errno]}." if name.startswith(var) else ""


def _of_the_disk(error: BaseException, var: Path, is_embedded: bool) -> str:
    """A server of ours that ended for want of room is only missed by whoever asks it."""
    is_missed = any(isinstance(one, psycopg.OperationalError) for one in _chain(error))
    worst = disk.trouble(var, embedded=is_embedded) if is_missed and is_embedded else None
    if worst is None or worst.fault == disk.LOW:
        return ""
    return f"The embedded database server fails: {disk.in_english(worst)}. Make room, start again."


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0]


def ending(run: Callable[[], Any], is_wordy: bool) -> int:
    """Run a command; 1, and one sentence on standard error, where such a thing ends it.

    `is_wordy`: the traceback is wanted.
    """
    try:
        run()
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        from django.conf import settings  # noqa: PLC0415
        from django.db.utils import NotSupportedError  # noqa: PLC0415

        if is_wordy or not settings.configured:
            raise
        var, is_ours = Path(settings.VAR_DIR), settings.EMBEDDED_POSTGRES
        said = _of_the_disk(error, var, is_ours) or in_words(error, str(var), place_of(settings))
        if not said and isinstance(error, NotSupportedError):
            said = f"{place_of(settings)} is too old: {_first_line(error)}"
        if not said:
            raise
        sys.stderr.write(f"{said}\n")
        return 1
    return 0
