"""A new SECRETS_KEY: everything that lies sealed is sealed anew, a portion at a time.

Until that is done the key before (SECRETS_KEY_BEFORE) opens what the new one does not; whatever is
written meanwhile is sealed by the new one. Ended in the middle it goes on where it was: what the
new key opens is left alone.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cryptography.fernet import InvalidToken
from django.apps import apps
from django.db import connection, models, transaction

from config.workspace.access import tokens

PORTION: Final = 500
BEGINS: Final = b"gAAAA"  # as every ciphertext of ours does (Fernet's version and time)
NEVER: Final = frozenset({"inbox", "time_stamp"})  # bytes of others


@dataclass
class Rotated:
    """Rows sealed anew, and those that no key opens."""

    sealed: int = 0
    unreadable: int = 0


def rotate() -> Rotated:
    """All of it. Raises nothing for what cannot be read: it is counted."""
    done = Rotated()
    for table, column in sealed_columns():
        for rows in _portions(table, column):
            _seal_anew(table, column, rows, done)
    _rotate_factors(done)
    return done


def sealed_columns() -> list[tuple[str, str]]:
    """Tables and columns that may hold something sealed: bytes of any length."""
    return [
        (model._meta.db_table, str(field.column))
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.BinaryField) and field.max_length is None
        if model._meta.db_table not in NEVER
    ]


def _portions(table: str, column: str) -> Iterator[list[tuple[int, bytes]]]:
    asked = (
        f"SELECT id, {column} FROM {table} WHERE id > %s"  # noqa: S608 - names of our models
        f" AND substring({column} FROM 1 FOR 5) = %s ORDER BY id LIMIT %s"
    )
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(asked, [last, BEGINS, PORTION])
            rows = [(number, bytes(value)) for number, value in cursor.fetchall()]
        if not rows:
            return
        last = rows[-1][0]
        yield rows


@transaction.atomic
def _seal_anew(table: str, column: str, rows: list[tuple[int, bytes]], done: Rotated) -> None:
    """Unless somebody has written another value meanwhile."""
    changed = []
    for number, value in rows:
        if tokens.is_newest(value):
            continue
        try:
            changed.append((tokens.seal(tokens.unseal(value)), number, value))
        except InvalidToken:
            done.unreadable += 1
    put = f"UPDATE {table} SET {column} = %s WHERE id = %s AND {column} = %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(put, changed)
    done.sealed += len(changed)


def _rotate_factors(done: Rotated) -> None:
    """Secrets of apps and seeds of recovery codes lie in JSON."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, data FROM mfa_authenticator WHERE type <> 'webauthn'")
        rows = cursor.fetchall()
    for number, data in rows:
        said = json.loads(data) if isinstance(data, str) else data
        for name in ("secret", "seed"):
            if value := said.get(name):
                _factor_anew(number, name, value, done)


def _factor_anew(number: int, name: str, value: str, done: Rotated) -> None:
    if tokens.is_newest(value.encode()):
        return
    try:
        anew = tokens.seal(tokens.unseal(value.encode())).decode()
    except InvalidToken:
        done.unreadable += 1
        return
    put = (
        "UPDATE mfa_authenticator SET data = jsonb_set(data, ARRAY[%s], to_jsonb(%s::text))"
        " WHERE id = %s AND data->>%s = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(put, [name, anew, number, name, value])
    done.sealed += 1
