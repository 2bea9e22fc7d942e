"""`manage.py bench NAME`: the benchmarks of tests/scale, with the ratio that they claim."""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


def known_benchmarks() -> list[str]:
    """The names, in order."""
    folder = Path(settings.BASE_DIR) / "tests" / "scale"
    return sorted(path.stem.removeprefix("bench_") for path in folder.glob("bench_*.py"))


class Command(BaseCommand):
    """Runs `tests.scale.bench_<name>.main(arguments)`."""

    help = "Run a benchmark: segments, ingest, fanout, pages, ..."

    def add_arguments(self, parser: CommandParser) -> None:
        """The name, or none for all; the rest goes to the benchmark."""
        parser.add_argument("name", nargs="?", default="")

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
        for one in [name] if name else known_benchmarks():
            self.stdout.write(f"== {one}")
            self.stdout.flush()
            self._bench(one, [])

    def _bench(self, name: str, argv: list[str]) -> None:
        known = known_benchmarks()
        if name not in known or find_spec(f"tests.scale.bench_{name}") is None:
            raise CommandError(f"There is no benchmark {name!r}; there are {', '.join(known)}.")
        status = import_module(f"tests.scale.bench_{name}").main(argv)
        if status:
            sys.exit(status)
