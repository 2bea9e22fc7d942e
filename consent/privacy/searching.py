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
from config.postgres.sql import COMMA, Sql, run, sql
from config.workspace.digests import contact_digest
from config.workspace.selectors import workspace
from consent.models import PrivacyRequest
from consent.privacy.holdings import holds_a_needle
from consent.privacy.subject import SHORTEST_INSIDE, KnownBy, needles_of
from profiles.calls.limits import MAX_IDENTIFIER
from profiles.identifiers.normalise import normalise

CHUNK: Final = 1 << 20  # bytes of a file at a time
_BETWEEN: Final = re.compile(r"""[\s"'<>,;(){}\[\]|\\]+""")
_WITHIN: Final = re.compile(r"[:=&/?#]+")
# tables that hold rows themselves, partitions by themselves; of every schema but the server's own
_COLUMNS: Final = """
SELECT format('%I.%I', n.nspname, c.relname), array_agg(format('%I', a.attname) ORDER BY a.attnum),
       array_agg(t.typcategory = 'U' AND t.typname = 'bytea' ORDER BY a.attnum),
       has_table_privilege(c.oid, 'SELECT')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type e ON e.oid = t.typelem
WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND coalesce(nullif(e.typcategory, 'X'), t.typcategory) NOT IN ('N', 'B', 'D', 'T')
GROUP BY n.nspname, c.relname, c.oid ORDER BY 1
"""
# the server's own files, in which the tables lie: they are searched as tables
NOT_OURS: Final = ("postgres",)


def search(known_by: Iterable[KnownBy]) -> dict[str, Any]:
    """`searched[{table, columns, rows}], files, found[], not_searched[]`.

    Reads everything: some ten seconds for each million rows of events.
    """
    return search_on(known_by, {}, lambda: False)


def search_on(
    known_by: Iterable[KnownBy], so_far: dict[str, Any], stop: Callable[[], bool]
) -> dict[str, Any]:
    """Go on with a search, table by table (months are tables of their own), until `stop`.

    What it came to is complete when it has `files`.
    """
    needles = needles_of(known_by)
    found: dict[str, Any] = {"searched": [], "found": [], "not_searched": []} | so_far
    known = {one["table"] for one in found["searched"]} | set(found["not_searched"])
    before = len(found["searched"])
    with transaction.atomic(), connection.cursor() as cursor, as_eraser(cursor):
        cursor.execute(_COLUMNS)
        for table, columns, are_bytes, may_read in cursor.fetchall():
            if table in known:
                continue
            if len(found["searched"]) > before and stop():  # each run gets on
                return found
            if not may_read:
                found["not_searched"].append(table)
                continue
            rows, hits = _look(table, columns, are_bytes, needles)
            found["searched"].append({"table": table, "columns": len(columns), "rows": rows})
            found["found"] += [
                {"table": table, "column": column, "rows": n}
                for column, n in zip(columns, hits, strict=True)
                if n
            ]
    files, in_files = _search_files(needles)
    found["found"] += in_files
    return found | {"files": files, "needles": len(needles)}


def search_request(request: PrivacyRequest) -> dict[str, Any]:
    """For the person of a request whose erasure is complete, by the digests that it keeps."""
    digests: dict[str, set[bytes]] = {}
    for one in request.identities:
        digests.setdefault(one["kind"], set()).add(bytes.fromhex(one["digest"]))
    return search_by_digest(digests)


def search_by_digest(digests: Mapping[str, Collection[bytes]]) -> dict[str, Any]:
    """As `search`, when nothing but keyed digests (by kind) is left of what to look for.

    Every word of every text is normalised and digested as each kind: whole values are found,
    also in JSON and in links, and nothing inside other words or in base64. A minute for each
    million different words.
    """
    known: dict[str, bool] = {}

    def is_theirs(word: str) -> bool:
        if word not in known:
            known[word] = _fits(word, digests)
        return known[word]

    searched, found, not_searched = [], [], []
    with transaction.atomic(), connection.cursor() as cursor, as_eraser(cursor):
        cursor.execute(_COLUMNS)
        for table, columns, are_bytes, may_read in cursor.fetchall():
            if not may_read:
                not_searched.append(table)
                continue
            hits, rows = Counter[str](), 0
            texts = COMMA.joined(Sql(_text(c, b)) for c, b in zip(columns, are_bytes, strict=True))
            for row in _streamed(sql("SELECT {texts} FROM {t} t", texts=texts, t=Sql(table))):
                rows += 1
                hits.update(
                    column
                    for column, text in zip(columns, row, strict=True)
                    if text and any(map(is_theirs, _words(text)))
                )
            searched.append({"table": table, "columns": len(columns), "rows": rows})
            found += [{"table": table, "column": name, "rows": n} for name, n in hits.items()]
    number, size, in_files = _words_of_files(is_theirs)
    return {
        "searched": searched,
        "files": {"number": number, "bytes": size},
        "found": found + in_files,
        "not_searched": not_searched,
        "needles": sum(map(len, digests.values())),
    }


def _streamed(query: Sql) -> Iterator[tuple[Any, ...]]:
    with connection.connection.cursor(f"search_{id(query)}") as cursor:
        cursor.itersize = 2000
        yield from cursor.execute(query.text, query.params)


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
        for text in {normalise(kind, word, here.country), word} - {""}
    )


def _words_of_files(
    is_theirs: Callable[[str], bool],
) -> tuple[int, int, list[dict[str, Any]]]:
    number = size = 0
    found = []
    for path in _files(Path(settings.VAR_DIR)):
        try:
            with path.open("rb") as file:
                hit = any(
                    is_theirs(word)
                    for line in file
                    for word in _words(line[:CHUNK].decode("utf-8", "replace"))
                )
            number, size = number + 1, size + path.stat().st_size
        except OSError:  # gone meanwhile, or a socket
            continue
        if hit:
            found.append({"file": str(path.relative_to(settings.VAR_DIR))})
    return number, size, found


def _look(
    table: str, columns: Sequence[str], are_bytes: Sequence[bool], needles: Sequence[str]
) -> tuple[int, list[int]]:
    tests = [
        sql("count(*) FILTER (WHERE {test})", test=holds_a_needle([_text(c, b)], needles))
        for c, b in zip(columns, are_bytes, strict=True)
    ]
    query = sql(
        "SELECT count(*), {tests} FROM {table} t", tests=COMMA.joined(tests), table=Sql(table)
    )
    [(rows, *hits)] = run(query)
    return rows, hits


def _text(column: str, is_bytes: bool) -> str:
    return f"encode(t.{column}, 'escape')" if is_bytes else f"t.{column}::text"


def _search_files(needles: Sequence[str]) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """How many files and bytes, and which hold one; short texts are not looked for in files."""
    wanted = [text.encode() for text in needles if len(text) >= SHORTEST_INSIDE]
    number = size = 0
    found = []
    for path in _files(Path(settings.VAR_DIR)):
        try:
            length, hit = _read(path, wanted)
        except OSError:  # gone meanwhile, or a socket
            continue
        number, size = number + 1, size + length
        if hit:
            found.append({"file": str(path.relative_to(settings.VAR_DIR))})
    return {"number": number, "bytes": size}, found


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
