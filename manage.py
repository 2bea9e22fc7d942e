#!/usr/bin/env python
"""Django's command line, with Rapport's settings."""

import os
import sys


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    from config import refusals  # noqa: PLC0415
    from config.postgres import starting  # noqa: PLC0415

    starting.this_is_a_command()
    sys.exit(
        refusals.ending(lambda: execute_from_command_line(sys.argv), "--traceback" in sys.argv)
    )


if __name__ == "__main__":
    main()
