"""Takes files in through the inbox."""

import gzip
import json
import shutil
import sys
import tempfile
import zlib
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from config.workspace.models import Job
from config.workspace.selectors import workspace
from config.workspace.work.jobs import advance, finish_job, start_job
from profiles.calls.validation import CallProblem
from profiles.identifiers.kinds import rules
from profiles.imports.files import FileLine, FileReader, prepare
from profiles.imports.mapping import BadMapping, RowMapping, read_mapping
from profiles.imports.sheets import BadFile
from profiles.ingest import inbox, refusals
from profiles.models import Source
from profiles.services.sources import source_named

SLICE_MESSAGES = 500
SLICE_BYTES = 256 * 1024
STANDARD_INPUT = "-"
NO_GZIP = (gzip.BadGzipFile, EOFError, zlib.error)  # cut off, damaged, or none at all


class Command(BaseCommand):
    """`ingest FILE... [--source NAME] [--mapping FILE]`."""

    help = (
        "Takes in JSON lines of Segment-spec messages, or CSV with a mapping. Rejected rows go to "
        "FILE.rejected.jsonl with line and reason, and so does what of an accepted row cannot be "
        "used. Returns when all is in the inbox; running it again is harmless."
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
        try:
            # all are looked through before anything of one is taken
            readers = [self._prepare(name, path, mapping) for name, path in files]
            source = source_named(options["source"])
            for reader in readers:
                self._take(source, reader)
        finally:
            for name, path in files:
                if name == STANDARD_INPUT:
                    path.unlink(missing_ok=True)

    def _prepare(self, name: str, path: Path, mapping: RowMapping | None) -> FileReader:
        try:
            return prepare(path, name, mapping, rules(), workspace().country)
        except (BadFile, BadMapping) as error:
            raise CommandError(f"{_label(name)}: {error}. Nothing is taken in.") from error
        except NO_GZIP as error:
            words = f"{_label(name)}: no whole gzip file: {error}. Nothing is taken in."
            raise CommandError(words) from error

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

    def _take(self, source: Source, reader: FileReader) -> None:
        label = _label(reader.name)
        report = Path(f"{label}.rejected.jsonl")
        report.unlink(missing_ok=True)
        counts = Counts()
        part: list[FileLine] = []
        held = 0
        size = reader.path.stat().st_size
        with (
            _job(source, Path(label).name, size) as job,
            tqdm(total=size, unit="B", unit_scale=True, desc=label, disable=None) as bar,
        ):
            for line in reader.lines():
                part.append(line)
                held += len(line.raw)
                if len(part) >= SLICE_MESSAGES or held >= SLICE_BYTES:
                    _store(source, part, report, counts)
                    part, held = [], 0
                    advance(job, line.position - int(bar.n))
                    bar.update(line.position - bar.n)
            _store(source, part, report, counts)
            advance(job, size - int(bar.n))
            bar.update(size - bar.n)
            finish_job(job, **counts.as_result(reader.notes))
        self.stdout.write(f"{label}: {counts.in_words(report)}")
        for note in [*reader.notes, *counts.warnings()]:
            self.stdout.write(f"{label}: {note}")


@dataclass
class Counts:
    """What became of the rows of a file. `warned` were accepted, though not all of each."""

    accepted: int = 0
    rejected: int = 0
    warned: int = 0
    codes: Counter[str] = field(default_factory=Counter)  # of warnings

    def add(self, line: FileLine) -> None:
        """One more row."""
        if line.problem is not None:
            self.rejected += 1
            return
        self.accepted += 1
        self.warned += bool(line.warnings)
        self.codes.update({warning.code for warning in line.warnings})

    def in_words(self, report: Path) -> str:
        """One line, with the file that tells more where there is more to tell."""
        words = f"{self.accepted:,} accepted, {self.rejected:,} rejected"
        if self.warned:
            words += f", {self.warned:,} of the accepted not in full"
        if self.rejected or self.warned:
            words += f"; rows and reasons in {report}"
        return words

    def warnings(self) -> list[str]:
        """Each kind of warning with its count."""
        return [f"{_words(code)}: {n:,}" for code, n in sorted(self.codes.items())]

    def as_result(self, notes: list[str]) -> dict[str, Any]:
        """For the job; what is nothing is left out, but for the two that are always said."""
        found = {"accepted": self.accepted, "rejected": self.rejected}
        more = {"warned": self.warned, "warnings": dict(self.codes), "notes": notes}
        return found | {name: value for name, value in more.items() if value}


def _words(code: str) -> str:
    kind = code.removeprefix("unusable_")
    if kind != code:
        return f"accepted without their {kind}, which is nobody's"
    return "accepted with fewer cells than there are columns"


def _label(name: str) -> str:
    return "stdin" if name == STANDARD_INPUT else name


def _store(source: Source, part: list[FileLine], report: Path, counts: Counts) -> None:
    """Commit one slice, and add to the report what is to be said of it."""
    good = [line.raw for line in part if line.problem is None]
    bad = [(line, line.problem) for line in part if line.problem]
    refused = [refusals.refusal(line.number, problem, line.raw) for line, problem in bad]
    inbox.store(source.pk, good, refused, {}, timezone.now(), is_history=True)
    told = [line for line in part if line.problem or line.warnings]
    if told:
        with report.open("a") as file:
            for line in told:
                file.writelines(json.dumps(row) + "\n" for row in _described(line))
    for line in part:
        counts.add(line)


@contextmanager
def _job(source: Source, label: str, size: int) -> Iterator[Job]:
    """The import as a job that the console knows of, counted in bytes of the file."""
    job = start_job(kind="import", title=label, subject=source.name, total=size)
    try:
        yield job
    except BaseException as error:
        finish_job(job, state=Job.State.FAILED, error=type(error).__name__)
        raise


def _described(line: FileLine) -> Iterator[dict[str, Any]]:
    """A rejected row with its reason; an accepted one with each thing that is not used of it."""
    text = line.raw.decode("utf-8", "backslashreplace")
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        row = text
    if line.problem is not None:
        yield _reason(line, line.problem) | {"row": row}
        return
    for warning in line.warnings:
        yield _reason(line, warning) | {"accepted": True, "row": row}


def _reason(line: FileLine, problem: CallProblem) -> dict[str, Any]:
    return {"line": line.number, "reason": problem.message, **problem.as_dict()}
