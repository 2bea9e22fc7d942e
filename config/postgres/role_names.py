"""The names of a database's own roles: roles belong to the whole server, so its name is in them."""

import hashlib
from typing import Final, NamedTuple

APP, ERASER = "rapport_app", "rapport_eraser"
LONGEST_BYTES: Final = 63  # of a name in PostgreSQL


class RoleNames(NamedTuple):
    """Of one database; `app` is what every connection acts as."""

    app: str
    eraser: str


def role_names(database: str) -> RoleNames:
    """`rapport_app_NAME` and `rapport_eraser_NAME`; a name too long ends in a digest of it."""
    return RoleNames(_named(APP, database), _named(ERASER, database))


def _named(prefix: str, database: str) -> str:
    name = f"{prefix}_{database}"
    if len(name.encode()) <= LONGEST_BYTES:
        return name
    digest = hashlib.sha256(database.encode()).hexdigest()[:12]
    kept = name.encode()[: LONGEST_BYTES - len(digest) - 1].decode(errors="ignore")
    return f"{kept}_{digest}"
