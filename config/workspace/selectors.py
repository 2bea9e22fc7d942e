"""Reads of the installation's own records."""

import time
from dataclasses import dataclass

from config.workspace.models import Workspace

KEPT_SECONDS = 5.0


@dataclass
class _Kept:
    row: Workspace | None = None
    until: float = 0.0


_kept = _Kept()


def workspace() -> Workspace:
    """The workspace; read again after five seconds, since every request asks for it."""
    now = time.monotonic()
    if _kept.row is None or now >= _kept.until:
        _kept.row, _kept.until = Workspace.objects.get(pk=1), now + KEPT_SECONDS
    return _kept.row


def forget_workspace() -> None:
    """Read it anew next time (after a change, and between tests)."""
    _kept.row = None
