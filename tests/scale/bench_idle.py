"""`manage.py bench idle`: what an installation does while nothing happens.

An empty installation of its own (`up`, embedded server) is left alone; the server's own counters
say how many transactions it committed and how much it wrote ahead. Claim: fewer than 9 commits a
second and 250 MB of log a day, a tenth of what asking everything each second took.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg

from config import paths
from config.postgres import server

MOST_COMMITS, MOST_MB = 9.0, 250.0
DAY = 86_400
COUNTS = "SELECT sum(xact_commit), pg_current_wal_insert_lsn() - '0/0' FROM pg_stat_database"


def main(arguments: Sequence[str]) -> int:
    """Prints both figures; 1 where one is above its claim."""
    parser = argparse.ArgumentParser(prog="bench idle")
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--port", type=int, default=8099)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="rapport-idle-") as name:
        var = Path(name) / "var"
        environment = {**os.environ, "VAR_DIR": str(var), "DATABASE_URL": ""}
        command = [sys.executable, "manage.py", "up", "--port", str(given.port)]
        up = subprocess.Popen(command, env=environment, cwd=paths.BASE_DIR, stdout=subprocess.PIPE)
        try:
            _wait_for(up)
            commits, written = _measure(var, given.seconds)
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait()
    day = written * DAY / 1e6
    print(f"{commits:.1f} commits a second, {day:,.0f} MB of write-ahead log a day")
    return int(commits > MOST_COMMITS or day > MOST_MB)


def _wait_for(up: "subprocess.Popen[bytes]") -> None:
    """Until it answers, and what is done once at the start is done."""
    assert up.stdout is not None
    for line in up.stdout:
        if b"is running at" in line:
            time.sleep(60)
            return
    raise SystemExit("`up` ended")


def _measure(var: Path, seconds: int) -> tuple[float, float]:
    """Commits and bytes, a second."""
    place = str(paths.socket_dir(var))
    with psycopg.connect(
        host=place, user=server.SUPERUSER, dbname="postgres", autocommit=True
    ) as connection:
        before = connection.execute(COUNTS).fetchone()
        time.sleep(seconds)
        after = connection.execute(COUNTS).fetchone()
    assert before and after
    return float(after[0] - before[0]) / seconds, float(after[1] - before[1]) / seconds
