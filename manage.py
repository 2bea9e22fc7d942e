#!/usr/bin/env python
"""Django's command line, with Rapport's settings."""

import os
import signal
import sys


def main() -> None:
    """Run one management command; Ctrl-C ends it without a word from the start on."""
    was = signal.getsignal(signal.SIGINT)
    if was is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing is begun while modules are read
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    from config import refusals  # noqa: PLC0415
    from config.postgres import starting  # noqa: PLC0415

    starting.this_is_a_command()
    signal.signal(signal.SIGINT, was)
    sys.exit(
        refusals.ending(lambda: execute_from_command_line(sys.argv), "--traceback" in sys.argv)
    )


if __name__ == "__main__":
    main()
