"""The trail as a file: what the list shows, all of it, line by line as it is read."""

import csv
import json
from collections.abc import Iterator
from typing import Any, Final

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from config.workspace import audit
from config.workspace.models import AuditEntry
from config.workspace.pages.spreadsheets import Line, cell
from config.workspace.trail.words import code_of, in_words

KINDS: Final = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
COLUMNS: Final = (
    "id",
    "at",
    "actor_kind",
    "actor_id",
    "actor_name",
    "action",
    "in_words",
    "target_kind",
    "target",
    "fields",
    "detail",
)
AT_ONCE: Final = 2_000  # rows


def answer(rows: QuerySet[AuditEntry], kind: str) -> StreamingHttpResponse:
    """`csv` or `jsonl`, the oldest first; said in the trail itself. Raises KeyError."""
    content_type = KINDS[kind]
    audit.record("trail.exported", "workspace", "1", detail={"type": kind})
    lines = _csv(rows) if kind == "csv" else _jsonl(rows)
    response = StreamingHttpResponse(lines, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="audit-trail.{kind}"'
    return response


def _read(rows: QuerySet[AuditEntry]) -> Iterator[dict[str, Any]]:
    for entry in rows.order_by("id").iterator(chunk_size=AT_ONCE):
        said = {name: getattr(entry, name) for name in COLUMNS if name != "in_words"}
        said["at"] = entry.at.isoformat()
        said["action"] = code_of(entry.action, entry.target_kind)
        said["in_words"] = in_words(entry)
        yield {name: said[name] for name in COLUMNS}


def _jsonl(rows: QuerySet[AuditEntry]) -> Iterator[str]:
    for said in _read(rows):
        yield json.dumps(said, ensure_ascii=False) + "\n"


def _csv(rows: QuerySet[AuditEntry]) -> Iterator[str]:
    writer = csv.writer(Line())
    yield str(writer.writerow(COLUMNS))
    for said in _read(rows):
        yield str(writer.writerow([_cell(value) for value in said.values()]))


def _cell(value: Any) -> str:
    """As text, one cell whatever it is."""
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    elif isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False) if value else ""
    return cell("" if value is None else str(value))
