"""The proof of an erasure: every column of every table, and every file of ours, is searched.

Looked for is every identifier of the person as it was given, normalised and in the usual encodings
(`subject.needles_of`), whatever the case. Numbers, times and truth values can hold none of them.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_plus

from django.conf import settings
from django.db import connection, transaction

from config.postgres.eraser import as_eraser
from config.postgres.sql import COMMA, TRUE, Sql, one, sql, streamed
from config.workspace.digests import contact_digest
from config.workspace.selectors import workspace
from consent.models import PrivacyRequest
from consent.privacy.duties import in_force
from consent.privacy.erasure.exceptions import left_out
from consent.privacy.holdings import holds_a_needle
from consent.privacy.subject import (
    SHORTEST_INSIDE,
    KnownBy,
    needles_of,
    subject_of_request,
)
from profiles.calls.limits import MAX_IDENTIFIER
from profiles.identifiers.normalise import normalise

Column = tuple[str, bool]  # its name, and whether it holds bytes
FEWEST_DIGITS: Final = 4  # of a phone number; ours have more
CHUNK: Final = 1 << 20  # bytes of a file at a time
_BETWEEN: Final = re.compile(r"""[\s"'<>,;(){}\[\]|\\]+""")
_WITHIN: Final = re.compile(r"[:=&/?#]+")
# tables that hold rows themselves, partitions by themselves; of every schema but the server's own
_COLUMNS: Final = """
SELECT format('%I.%I', n.nspname, c.relname), array_agg(format('%I', a.attname) ORDER BY a.attnum),
       array_agg(t.typcategory = 'U' AND t.typname = 'bytea' ORDER BY a.attnum),
       has_table_privilege(c.oid, 'SELECT'),
       (SELECT w.relname FROM pg_class w WHERE w.oid = coalesce(pg_partition_root(c.oid), c.oid))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type e ON e.oid = t.typelem
WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND coalesce(nullif(e.typcategory, 'X'), t.typcategory) NOT IN ('N', 'B', 'D', 'T')
GROUP BY n.nspname, c.relname, c.oid ORDER BY 1
"""
# the server's own files, in which the tables lie: they are searched as tables
NOT_OURS: Final = ("postgres",)


def search(
    known_by: Iterable[KnownBy],
    so_far: Mapping[str, Any] | None = None,
    stop: Callable[[], bool] = lambda: False,
    left_out: Mapping[str, Sql] | None = None,
) -> dict[str, Any]:
    """`searched[{table, columns, rows}], found[], not_searched[]`, and at the end `files, needles`.

    Table by table (months are tables of their own), until `stop`; goes on from `so_far`. Reads
    everything but the rows `left_out` (by table a test on `t`: `exceptions.left_out`): some ten
    seconds for each million rows of events.
    """
    needles = needles_of(known_by)
    wanted = [text.encode() for text in needles if len(text) >= SHORTEST_INSIDE]
    return _walk(
        lambda table, columns, rows: _look(table, columns, needles, rows),
        lambda path: _read(path, wanted),
        len(needles),
        so_far or {},
        stop,
        left_out,
    )


def search_request(
    request: PrivacyRequest,
    so_far: Mapping[str, Any] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """As `search`, for the person of a complete erasure, of whom nothing but keyed digests is left.

    Every word of every text is normalised and digested as each kind: whole values are found,
    also in JSON and in links, and nothing inside other words or in base64. A minute for each
    million different words.
    """
    digests: dict[str, set[bytes]] = {}
    for named in request.identities:
        digests.setdefault(named["kind"], set()).add(bytes.fromhex(named["digest"]))
    known: dict[str, bool] = {}

    def is_theirs(word: str) -> bool:
        if word not in known:
            known[word] = _fits(word, digests)
        return known[word]

    return _walk(
        lambda table, columns, rows: _look_at_words(table, columns, is_theirs, rows),
        lambda path: _read_words(path, is_theirs),
        sum(map(len, digests.values())),
        so_far or {},
        stop,
        left_out=left_out(subject_of_request(request), in_force(request)),
    )


def _walk(
    look: Callable[[str, Sequence[Column], Sql], tuple[int, Counter[str]]],
    read: Callable[[Path], tuple[int, bool]],
    needles: int,
    so_far: Mapping[str, Any] | None = None,
    stop: Callable[[], bool] = lambda: False,
    left_out: Mapping[str, Sql] | None = None,
) -> dict[str, Any]:
    """Every table by `look` (its rows, and by column how many hold something), then all files."""
    found: dict[str, Any] = {"searched": [], "found": [], "not_searched": []} | dict(so_far or {})
    known = {done["table"] for done in found["searched"]} | set(found["not_searched"])
    before = len(found["searched"])
    with transaction.atomic(), connection.cursor() as cursor, as_eraser(cursor):
        cursor.execute(_COLUMNS)
        for table, names, are_bytes, may_read, whole in cursor.fetchall():
            if table in known:
                continue
            if len(found["searched"]) > before and stop():  # each run gets on
                return found
            if not may_read:
                found["not_searched"].append(table)
                continue
            stays = (left_out or {}).get(whole)
            asked = sql("NOT coalesce({stays}, FALSE)", stays=stays) if stays else TRUE
            rows, hits = look(table, list(zip(names, are_bytes, strict=True)), asked)
            found["searched"].append({"table": table, "columns": len(names), "rows": rows})
            found["found"] += [{"table": table, "column": c, "rows": n} for c, n in hits.items()]
    files, in_files = _walk_files(read)
    found["found"] += in_files
    return found | {"files": files, "needles": needles}


def _walk_files(
    read: Callable[[Path], tuple[int, bool]],
) -> tuple[dict[str, int], list[dict[str, str]]]:
    """How many files and bytes, and which hold something; short texts are not looked for there."""
    number = size = 0
    found = []
    for path in _files(Path(settings.VAR_DIR)):
        try:
            length, hit = read(path)
        except OSError:  # gone meanwhile, or a socket
            continue
        number, size = number + 1, size + length
        if hit:
            found.append({"file": str(path.relative_to(settings.VAR_DIR))})
    return {"number": number, "bytes": size}, found


def _look_at_words(
    table: str, columns: Sequence[Column], is_theirs: Callable[[str], bool], asked: Sql
) -> tuple[int, Counter[str]]:
    hits, rows = Counter[str](), 0
    texts = COMMA.joined(Sql(_text(column)) for column in columns)
    query = sql("SELECT {texts} FROM {t} t WHERE {asked}", texts=texts, t=Sql(table), asked=asked)
    for row in streamed(query, 2_000):
        rows += 1
        hits.update(
            name
            for (name, _bytes), text in zip(columns, row, strict=True)
            if text and any(map(is_theirs, _words(text)))
        )
    return rows, hits


def _words(text: str) -> Iterator[str]:
    for word in _BETWEEN.split(text):
        if word:
            yield word
            if len(parts := _WITHIN.split(word)) > 1:
                yield from filter(None, parts)
                yield from filter(None, _WITHIN.split(unquote_plus(word)))


def _fits(word: str, digests: Mapping[str, Collection[bytes]]) -> bool:
    if len(word) > MAX_IDENTIFIER:
        return False
    here = workspace()
    return any(
        contact_digest(kind, text, here.salt) in wanted
        for kind, wanted in digests.items()
        if _could_be(kind, word)
        for text in {normalise(kind, word, here.country), word} - {""}
    )


def _could_be(kind: str, word: str) -> bool:
    """Spares the digests of nearly all words: an address has its sign, a number its digits."""
    if kind == "email":
        return "@" in word
    return kind != "phone" or sum(map(str.isdigit, word)) >= FEWEST_DIGITS


def _read_words(path: Path, is_theirs: Callable[[str], bool]) -> tuple[int, bool]:
    """Its length, and whether one of its words is theirs."""
    with path.open("rb") as file:
        hit = any(
            is_theirs(word)
            for line in file
            for word in _words(line[:CHUNK].decode("utf-8", "replace"))
        )
    return path.stat().st_size, hit


def _look(
    table: str, columns: Sequence[Column], needles: Sequence[str], asked: Sql
) -> tuple[int, Counter[str]]:
    tests = [
        sql("count(*) FILTER (WHERE {test})", test=holds_a_needle([_text(column)], needles))
        for column in columns
    ]
    query = sql(
        "SELECT count(*), {tests} FROM {table} t WHERE {asked}",
        tests=COMMA.joined(tests),
        table=Sql(table),
        asked=asked,
    )
    rows, *hits = one(query)
    names = [name for name, _bytes in columns]
    return rows, +Counter(dict(zip(names, hits, strict=True)))


def _text(column: Column) -> str:
    name, is_bytes = column
    return f"encode(t.{name}, 'escape')" if is_bytes else f"t.{name}::text"


def _files(root: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(root):
        if Path(folder) == root:
            names[:] = [name for name in names if name not in NOT_OURS]
        for name in files:
            path = Path(folder) / name
            if path.is_file() and not path.is_symlink():
                yield path


def _read(path: Path, wanted: Sequence[bytes]) -> tuple[int, bool]:
    """Its length, and whether one of these is in it, over the edges of chunks too."""
    overlap = max(map(len, wanted), default=1)
    length, tail = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            length += len(chunk)
            text = tail + chunk.lower()
            if any(needle in text for needle in wanted):
                return length, True
            tail = text[-overlap:]
    return length, False
