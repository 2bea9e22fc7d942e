"""Takes files in through the inbox."""

import json
import shutil
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from config.workspace.jobs import advance, finish_job, start_job
from config.workspace.models import Job
from profiles.ingest import inbox
from profiles.ingest.files import Line, read_file
from profiles.ingest.mapping import BadMapping, RowMapping, read_mapping
from profiles.models import Source
from profiles.services.sources import source_named

SLICE_MESSAGES = 500
SLICE_BYTES = 256 * 1024
STANDARD_INPUT = "-"


class Command(BaseCommand):
    """`ingest FILE... [--source NAME] [--mapping FILE]`."""

    help = (
        "Takes in JSON lines of Segment-spec messages, or CSV with a mapping. Rejected rows go to "
        "FILE.rejected.jsonl. Returns when all is in the inbox; running it again is harmless."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Files, and what is known about them."""
        parser.add_argument("files", nargs="+", metavar="FILE", help="- is standard input")
        parser.add_argument("--source", default="import", help="made if absent (default: import)")
        parser.add_argument("--mapping", type=Path, help="JSON file: columns to fields")

    def handle(self, *args: Any, **options: Any) -> None:
        """Counts go to standard output; rejections are no failure."""
        mapping = self._mapping(options["mapping"])
        files = [self._path(name) for name in options["files"]]
        source = source_named(options["source"])
        for name, path in files:
            try:
                self._take(source, name, path, mapping)
            finally:
                if name == STANDARD_INPUT:
                    path.unlink(missing_ok=True)

    def _mapping(self, path: Path | None) -> RowMapping | None:
        if path is None:
            return None
        try:
            return read_mapping(json.loads(path.read_text()))
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except BadMapping as error:
            raise CommandError(f"{path}: {error}") from error
        except ValueError as error:
            raise CommandError(f"{path} is no JSON: {error}") from error

    def _path(self, name: str) -> tuple[str, Path]:
        if name != STANDARD_INPUT:
            if not Path(name).is_file():
                raise CommandError(f"{name}: no such file")
            return name, Path(name)
        # kept first: the ids of its messages come from a digest of the whole
        with tempfile.NamedTemporaryFile(delete=False) as kept:
            shutil.copyfileobj(sys.stdin.buffer, kept)
        return name, Path(kept.name)

    def _take(self, source: Source, name: str, path: Path, mapping: RowMapping | None) -> None:
        label = "stdin" if name == STANDARD_INPUT else name
        rejected_path = Path(f"{label}.rejected.jsonl")
        rejected_path.unlink(missing_ok=True)
        accepted = rejected = 0
        part: list[Line] = []
        held = 0
        size = path.stat().st_size
        with (
            _job(source, Path(label).name, size) as job,
            tqdm(total=size, unit="B", unit_scale=True, desc=label, disable=None) as bar,
        ):
            for line in read_file(path, name, mapping):
                part.append(line)
                held += len(line.raw)
                if len(part) >= SLICE_MESSAGES or held >= SLICE_BYTES:
                    accepted, rejected = self._store(
                        source, part, rejected_path, accepted, rejected
                    )
                    part, held = [], 0
                    advance(job, line.position - int(bar.n))
                    bar.update(line.position - bar.n)
            accepted, rejected = self._store(source, part, rejected_path, accepted, rejected)
            advance(job, size - int(bar.n))
            bar.update(size - bar.n)
            finish_job(job, accepted=accepted, rejected=rejected)
        tail = f", rows and reasons in {rejected_path}" if rejected else ""
        self.stdout.write(f"{label}: {accepted:,} accepted, {rejected:,} rejected{tail}")

    def _store(
        self, source: Source, part: list[Line], rejected_path: Path, accepted: int, rejected: int
    ) -> tuple[int, int]:
        """Commit one slice; the totals so far."""
        good = [line.raw for line in part if line.problem is None]
        bad = [line for line in part if line.problem is not None]
        refused = [
            inbox.refusal(line.number, line.problem, line.raw) for line in bad if line.problem
        ]
        inbox.store(source.pk, good, refused, {}, timezone.now(), is_history=True)
        if bad:
            with rejected_path.open("a") as file:
                for line in bad:
                    file.write(json.dumps(_described(line)) + "\n")
        return accepted + len(good), rejected + len(bad)


@contextmanager
def _job(source: Source, label: str, size: int) -> Iterator[Job]:
    """The import as a job that the console knows of, counted in bytes of the file."""
    job = start_job(kind="import", title=label, subject=source.name, total=size)
    try:
        yield job
    except BaseException as error:
        finish_job(job, state=Job.State.FAILED, error=type(error).__name__)
        raise


def _described(line: Line) -> dict[str, Any]:
    text = line.raw.decode("utf-8", "backslashreplace")
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        row = text
    problem = line.problem
    reason = {} if problem is None else {"reason": problem.message, **problem.as_dict()}
    return {"line": line.number, **reason, "row": row}
