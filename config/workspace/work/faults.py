"""What failed: the installation's database, or the one thing that was worked on.

Work goes over many things of one kind (campaigns, segments). What fails on one of them is written
on it, waits longer each time, and holds up none of the others; an outage is nobody's fault, and
goes up to whoever called.
"""

import errno
import logging
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError

from config import disk
from config.workspace.work.reasons import TOO_MANY, reason_of

PAUSES_SECONDS = (5, 30, 120, 600, 1800, 3600)
# connection lost, out of disk or connections, server going down, input/output error, read-only
OUTAGES = ("08", "53100", "53300", "57P", "58", "25006")
ENDED = "57014"  # query_canceled: the statement took longer than it may
FULL = ("53100", "58030", "25006")  # disk full, input/output error, read-only
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
CROWDED = "53300"  # too_many_connections
PASSING = ("40001", "40P01", "55P03")  # serialization, deadlock, lock not available


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's code for what went wrong; "" where no server said anything."""
    return getattr(error.__cause__, "sqlstate", None) or ""


def is_outage(error: BaseException) -> bool:
    """Whether the database was away or unable, so that nothing can be said of what was tried."""
    if not isinstance(error, DatabaseError | InterfaceError):
        return False
    code = sqlstate(error)
    if code:
        return code.startswith(OUTAGES)
    return isinstance(error, InterfaceError | OperationalError)


def took_too_long(error: BaseException) -> bool:
    """Whether the database ended a statement at its limit of time."""
    return isinstance(error, OperationalError) and sqlstate(error) == ENDED


def is_disk_full(error: BaseException) -> bool:
    """Whether there was no room: the database's disk or our own; or it may not be written."""
    if isinstance(error, OSError):
        return error.errno in NO_ROOM
    return isinstance(error, DatabaseError) and sqlstate(error).startswith(FULL)


def is_for_want_of_room(error: BaseException) -> bool:
    """Whether a full disk is why: it says so, or it is of an embedded server that has no room."""
    if is_disk_full(error):
        return True
    return settings.EMBEDDED_POSTGRES and disk.is_full(Path(settings.VAR_DIR))


def is_crowded(error: BaseException) -> bool:
    """Whether the database, or our own share of it, takes no more connections.

    Who is not let in gets words without a code.
    """
    if not isinstance(error, OperationalError):
        return False
    return sqlstate(error) == CROWDED or TOO_MANY in reason_of(error)


def is_passing(error: BaseException) -> bool:
    """Whether two were in each other's way: it goes as soon as it is tried again."""
    return isinstance(error, DatabaseError) and sqlstate(error) in PASSING


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many failures in a row."""
    return timedelta(seconds=PAUSES_SECONDS[min(attempts, len(PAUSES_SECONDS)) - 1])


def log_failure(log: logging.Logger, what: str, reason: str, attempts: int) -> None:
    """Once, and then each time that the count has doubled."""
    if attempts & (attempts - 1) == 0:
        log.error("%s: %s (failures in a row: %d)", what, reason, attempts)
