"""A new installation as `migrate` leaves it, made once a run and copied from then on.

For tests that need an installation and not its beginning, which takes Django a quarter of a minute.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from django.conf import settings

from config import paths
from config.postgres import server

LONGEST_RUN = 7200  # seconds


def begin(var: Path) -> None:
    """Lay the data of a migrated installation under `var`, where no server runs yet.

    It makes its own keys. Raises CalledProcessError where migrating fails.
    """
    made = paths.database_home(_made())
    home = paths.database_home(var)
    home.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(made / "postgres"), str(home / "postgres")], check=True)


def end(var: Path) -> None:
    """Stop the server of the installation in `var`, and leave none of its data outside of it."""
    server.stop(var)
    home = paths.database_home(var)
    if home != var:
        shutil.rmtree(home, ignore_errors=True)


def _made() -> Path:
    """The folder of the one that is copied, made by whoever asks first in this run."""
    places = Path(settings.VAR_DIR) / "beginnings"
    places.mkdir(exist_ok=True)
    places.chmod(0o755)
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    place, ready = places / run, places / f"{run}.ready"
    with (places / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            _clear(places)
            _make(place)
            ready.touch()
    return place


def _clear(places: Path) -> None:
    """Away with those of runs that are over."""
    for older in places.glob("*.ready"):
        if time.time() - older.stat().st_mtime > LONGEST_RUN:
            home = paths.database_home(older.with_suffix(""))
            shutil.rmtree(home, ignore_errors=True)
            shutil.rmtree(older.with_suffix(""), ignore_errors=True)
            older.unlink()


def _make(place: Path) -> None:
    place.mkdir()
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "SECRET_KEY", "SECRETS_KEY")
    }
    environment = kept | {"VAR_DIR": str(place), "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    try:
        subprocess.run(command, env=environment, cwd=paths.BASE_DIR, check=True, timeout=300)
    finally:
        server.stop(place)
