"""What is known of a hand-over gets into the database, also when that is away just now.

A provider's "taken" that is forgotten would have to be called unknown. So settling is tried again
while the database restarts; then what is known is kept in a small file in VAR_DIR and written
when a worker of this machine next looks. The files name nobody: numbers, states, and words without
addresses.
"""

import fcntl
import json
import logging
import os
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from campaigns.delivery import claims
from campaigns.delivery.claims import Settled
from config.workspace.work import recording, stopping
from config.workspace.work.faults import is_outage
from config.workspace.work.reasons import provider_word, reason_of

PATIENCE_SECONDS = 30.0  # for a database that restarts
TRIES = 3  # where the database is there
LONGEST_PAUSE_SECONDS = 1.0
log = logging.getLogger("rapport.work")


def settle(rows: Sequence[Settled], now: datetime) -> None:
    """Settle, or keep for later. Raises what kept it from being settled."""
    if not rows:
        return
    try:
        persistently(lambda: claims.settle(rows, now))
    except Exception as error:
        keep(rows, now)
        log.error("%d outcomes are kept for later: %s", len(rows), reason_of(error))
        raise


def persistently(act: Callable[[], None], patience_seconds: float | None = None) -> None:
    """Until it works: through an outage of the database for a while, other faults thrice.

    Raises the last fault. What it does is done at most once more than needed: it must not mind.
    """
    until = time.monotonic() + (PATIENCE_SECONDS if patience_seconds is None else patience_seconds)
    pause, tries = 0.05, 0
    while True:
        try:
            act()
        except Exception as error:
            tries += 1
            is_over = time.monotonic() >= until or stopping.asked()
            if is_over or tries >= TRIES and not is_outage(error):
                raise
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        else:
            return


# --- files --------------------------------------------------------------------------------------
def folder() -> Path:
    """Where outcomes are kept that could not be written."""
    return Path(settings.VAR_DIR) / "unsettled"


def keep(rows: Sequence[Settled], now: datetime) -> None:
    """Write them to a file, on disk before it has its name. A full disk is logged, no more."""
    body = [asdict(replace(row, reason=provider_word(row.reason))) for row in rows]
    path = folder() / f"{uuid.uuid4()}.json"
    temporary = path.with_name(f".{path.name}.{os.getpid()}")  # cleared away by the next `up`
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with temporary.open("x") as file:
            os.fchmod(file.fileno(), 0o600)
            json.dump({"at": now, "rows": body}, file, default=datetime.isoformat)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except OSError as error:
        log.error("outcomes could not be kept: %s", reason_of(error))


def settle_kept() -> int:
    """Settle what files hold; the number of outcomes. No query where there is none."""
    try:
        paths = sorted(folder().glob("*.json"))
    except OSError:
        return 0
    return sum(_settle_file(path) for path in paths)


def _settle_file(path: Path) -> int:
    """Held by a lock, which ends with its process. Twice does nothing (`claims.settle`).

    One that cannot be used holds up no other work. Raises outages of the database.
    """
    try:
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            count = _settle_text(path, file.read())
            path.unlink(missing_ok=True)
    except (FileNotFoundError, BlockingIOError):  # somebody else is at it
        return 0
    except OSError as error:
        recording.repeats.failed("settling what was kept", reason_of(error))
        return 0
    recording.repeats.worked("settling what was kept")
    return count


def _settle_text(path: Path, text: str) -> int:
    """What cannot be read, or the database does not take, is put aside."""
    try:
        now, rows = _read(text)
        with transaction.atomic():
            claims.settle(rows, now)
    except Exception as error:
        if is_outage(error):
            raise
        path.rename(path.with_suffix(".unreadable"))
        log.error("%s cannot be read; its messages become unknown", path.name)
        return 0
    log.warning("%d outcomes that were kept are written", len(rows))
    return len(rows)


def _read(text: str) -> tuple[datetime, list[Settled]]:
    body = json.loads(text)
    rows = [Settled(**row) for row in body["rows"]]
    return datetime.fromisoformat(body["at"]), [
        replace(row, retry_at=_moment(row.retry_at)) for row in rows
    ]


def _moment(value: object) -> datetime | None:
    return datetime.fromisoformat(str(value)) if value else None
