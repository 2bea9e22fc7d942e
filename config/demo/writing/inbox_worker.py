"""A helper process that works the inbox off while the demo is written, run as a module.

It ends when its standard input does, so that it never outlives who started it. One works at a time:
of two, one would be ahead of the other, and a device that a couple shares would go to whoever of
them comes first there instead of who came first in life.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

IDLE_SECONDS = 0.1
SMALL = 20_000  # messages; for fewer a process of its own does not pay


@contextmanager
def helper(wanted: bool) -> Iterator[Callable[[], bool]]:
    """A helper process meanwhile, where one is wanted; whether it lives.

    Ctrl-C is for whoever started it: in a session of its own it ends its portion, and then itself.
    """
    if not wanted:
        yield lambda: False
        return
    process = subprocess.Popen(
        [sys.executable, "-m", "config.demo.writing.inbox_worker"],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield lambda: process.poll() is None
    finally:
        if process.stdin:
            process.stdin.close()
        process.wait()


def main() -> None:
    """Work until standard input is closed."""
    import django  # noqa: PLC0415 - the settings come from the environment

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    while not _is_over():
        if not one_portion():
            time.sleep(IDLE_SECONDS)


def one_portion() -> int:
    """Work off a portion of the inbox and all merges that it found; how many messages it was."""
    from config.workspace.work.due import WORK  # noqa: PLC0415 - after django.setup()

    ingest, merge = WORK.get("ingest"), WORK.get("merge")
    handled = ingest() if ingest else 0
    while merge and merge():
        pass
    return handled


def _is_over() -> bool:
    ready, _, _ = select.select([sys.stdin], [], [], 0)
    return bool(ready) and not os.read(sys.stdin.fileno(), 1)


if __name__ == "__main__":
    main()
