"""Signs that the embedded server runs on programs that were replaced under it.

Whoever meets one leaves a mark in VAR_DIR; the supervisor takes it and restarts the server.
"""

from contextlib import suppress
from pathlib import Path

SIGNS = ("undefined symbol", "could not load library", "incompatible library")


def report(var: Path, error: BaseException) -> None:
    """Leave a mark where `error` is such a sign."""
    words = f"{error} {error.__cause__ or ''}"
    if any(sign in words for sign in SIGNS):
        with suppress(OSError):
            _mark(var).touch()


def take(var: Path) -> bool:
    """Was a mark left? It is taken away."""
    try:
        _mark(var).unlink()
    except OSError:
        return False
    return True


def _mark(var: Path) -> Path:
    return Path(var) / "server-broken"
