"""Where an installation keeps its files. Nothing here needs Django."""

import hashlib
import os
import pwd
import secrets
import stat
import tempfile
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SOCKET_PATH_LIMIT = 90  # bytes; the kernel allows 107 for the whole socket path
SERVICE_USERS = ("postgres", "nobody")  # who runs the database server when we are root
PLACE_FOR_ROOT = Path("/var/lib/rapport")


def var_dir(value: str = "") -> Path:
    """The folder for database, media and logs: `value` (VAR_DIR) or `var/` beside the project."""
    return Path(value).resolve() if value else BASE_DIR / "var"


def service_user() -> pwd.struct_passwd:
    """Whom root hands the database server to: PostgreSQL refuses to run as root."""
    for name in SERVICE_USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise LookupError(f"there is no system user {' or '.join(SERVICE_USERS)} to run the database")


def can_enter(folder: Path, user: pwd.struct_passwd) -> bool:
    """May `user` pass through `folder` and everything above it? Judged by owner and mode bits."""
    groups = os.getgrouplist(user.pw_name, user.pw_gid)
    for part in [folder, *folder.parents]:
        try:
            found = part.stat()
        except FileNotFoundError:
            continue  # made by us later, with room to pass
        if found.st_uid == user.pw_uid:
            allowed = found.st_mode & stat.S_IXUSR
        elif found.st_gid in groups:
            allowed = found.st_mode & stat.S_IXGRP
        else:
            allowed = found.st_mode & stat.S_IXOTH
        if not allowed:
            return False
    return True


def make_private(folder: Path, passed_by: pwd.struct_passwd | None = None) -> None:
    """Make `folder`, or close it to everybody else: figures, logs and mails are in it.

    `passed_by`, whom root hands the database server to, may pass through by its group and list
    nothing. What is plainly more than our folder (/tmp, /srv) stays as it is: `is_private` tells.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_mode & stat.S_ISVTX or folder.parent == Path(folder.anchor):
        return
    if os.geteuid() not in (0, found.st_uid):
        return
    if passed_by is not None:
        os.chown(folder, -1, passed_by.pw_gid)
    folder.chmod(0o700 if passed_by is None else 0o710)


def is_private(folder: Path) -> bool:
    """Is it ours or root's, and may nobody else list it or write into it?"""
    found = folder.stat()
    return found.st_uid in (0, os.geteuid()) and not found.st_mode & 0o067


def database_home(var: Path) -> Path:
    """The folder that holds the embedded server's data, lock and log: `var` wherever possible.

    Root hands the server to an unprivileged user, who cannot enter, say, a home of mode 0700. Then
    a place of its own is made up under /var/lib/rapport and noted in `var/database.txt`, so that a
    new `var` is a new installation whatever was there before.
    """
    note = var / "database.txt"
    if note.exists():
        return Path(note.read_text().strip())
    if os.geteuid() != 0 or (var / "postgres").exists() or can_enter(var.parent, service_user()):
        return var
    return Path(_written_once(note, str(PLACE_FOR_ROOT / secrets.token_hex(6))))


def socket_dir(var: Path) -> Path:
    """Folder of the embedded server's socket; a short one where the path would be too long."""
    home = database_home(var)
    if len(os.fsencode(str(home / "run"))) <= SOCKET_PATH_LIMIT:
        return home / "run"
    short = hashlib.sha256(os.fsencode(str(home))).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"rapport-{short}"


def kept_secret(var: Path, name: str) -> str:
    """A random secret, made on first use and kept in `var` readable by its owner alone."""
    path = var / f"{name}.txt"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return _written_once(path, secrets.token_urlsafe(48))


def kept(var: Path, name: str) -> str:
    """A secret that is kept in `var`; "" where there is none."""
    try:
        return (var / f"{name}.txt").read_text().strip()
    except OSError:
        return ""


def renew_secret(var: Path, name: str) -> None:
    """A new one in its place; the one before is kept as NAME_before. Raises FileExistsError."""
    path, before = var / f"{name}.txt", var / f"{name}_before.txt"
    os.link(path, before)  # refuses where one is there already
    path.unlink()
    kept_secret(var, name)


def _written_once(path: Path, text: str) -> str:
    """Write `text` to `path` unless another process was first; what stands there afterwards."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.parent / f".{path.stem}.{os.getpid()}"
    temporary.touch(mode=0o600)
    temporary.write_text(text)
    try:
        os.link(temporary, path)  # the first of several processes wins
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    return path.read_text().strip()
