"""Due work: each app registers one function that handles what is due and says how much it was.

The rows are the truth; Celery and `drain` only call these. A function handles a bounded amount
(some seconds at most), commits, and returns the number of rows handled; 0 means nothing is due.
Running one twice at the same moment is safe: each claims its rows.
"""

from collections.abc import Callable

from config.workspace.registry import Registry

WORK: Registry[Callable[[], int]] = Registry("work")


def drain(limit_rounds: int = 100_000) -> dict[str, int]:
    """Do all due work until nothing is left; the number of rows handled by each kind."""
    totals = dict.fromkeys(WORK.names(), 0)
    for _ in range(limit_rounds):
        handled = {name: function() for name, function in WORK}
        for name, count in handled.items():
            totals[name] += count
        if not any(handled.values()):
            break
    return totals


def wake(name: str) -> None:
    """Hint, after commit, that such work is due; the beat tick finds what a lost hint missed."""
    from django.db import transaction  # noqa: PLC0415

    transaction.on_commit(lambda: _send(name), robust=True)


def _send(name: str) -> None:
    from django.conf import settings  # noqa: PLC0415

    if settings.WAKE_BY_CELERY:
        from celery import current_app  # noqa: PLC0415

        current_app.send_task("rapport.work", args=[name], ignore_result=True)
