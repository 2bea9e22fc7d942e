"""Starts or restarts the embedded server, as a process of the supervisor's: it must not wait.

Run as `python -m config.postgres.start start|restart VAR_DIR`. What went wrong is written to
standard output in one sentence.
"""

import sys
from contextlib import suppress
from pathlib import Path

from config.postgres import server
from config.postgres.binaries import NoServer


def main(action: str, var: Path) -> int:
    """0 when it runs."""
    try:
        if action == "restart":
            version = server.restart(var)
            say(f"the database server's programs were replaced: restarted as {version}")
        else:
            server.ensure_running(var, for_up=server.is_for_up(var), may_create=False)
    except (server.ServerError, NoServer, OSError) as error:
        say(server.why_not(var, error))
    else:
        return 0
    return 1


def say(words: str) -> None:
    """To the supervisor, where it lives still."""
    with suppress(OSError):
        print(words, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
