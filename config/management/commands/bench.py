"""`manage.py bench NAME`: the benchmarks of tests/scale, with the ratio that they claim."""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Runs `tests.scale.bench_<name>.main(arguments)`."""

    help = "Run a benchmark: segments, ingest, fanout, pages, ..."

    def add_arguments(self, parser: CommandParser) -> None:
        """The name; the rest goes to the benchmark."""
        parser.add_argument("name")

    def run_from_argv(self, argv: list[str]) -> None:
        """The benchmark reads its own arguments."""
        if len(argv) < 3 or argv[2].startswith("-"):  # noqa: PLR2004 - manage.py bench NAME
            super().run_from_argv(argv)
            return
        try:
            self._bench(argv[2], argv[3:])
        except CommandError as error:
            self.stderr.write(str(error))
            sys.exit(1)

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        """From code: with the benchmark's own defaults."""
        self._bench(name, [])

    def _bench(self, name: str, argv: list[str]) -> None:
        folder = Path(settings.BASE_DIR) / "tests" / "scale"
        known = sorted(path.stem.removeprefix("bench_") for path in folder.glob("bench_*.py"))
        if name not in known or find_spec(f"tests.scale.bench_{name}") is None:
            raise CommandError(f"There is no benchmark {name!r}; there are {', '.join(known)}.")
        status = import_module(f"tests.scale.bench_{name}").main(argv)
        if status:
            sys.exit(status)
