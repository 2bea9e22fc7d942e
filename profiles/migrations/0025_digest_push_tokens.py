"""Push tokens are contact points: they get the keyed digest by which suppressions find them.

In portions, and what has one is left alone, so that it can be run again.
"""

import hmac
from typing import Any

from django.db import migrations

PORTION = 5_000
DIGEST_BYTES = 16
NEXT = """
    SELECT id, profile_id, value FROM identifier
    WHERE kind = 'push_token' AND digest IS NULL AND id > %s ORDER BY id LIMIT %s
"""
FILL = """
    UPDATE identifier i SET digest = g.digest
    FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[]) AS g(id, profile_id, digest)
    WHERE i.id = g.id AND i.profile_id = g.profile_id
"""


def fill(apps: Any, schema_editor: Any) -> None:
    """Of every token that has none."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT salt FROM workspace")
        row = cursor.fetchone()
        key, last = bytes.fromhex(row[0]) if row else b"", 0
        while rows := _next(cursor, last) if row else []:
            ids, owners, values = (list(column) for column in zip(*rows, strict=True))
            digests = [
                hmac.digest(key, f"push_token:{value}".encode(), "sha256")[:DIGEST_BYTES]
                for value in values
            ]
            cursor.execute(FILL, [ids, owners, digests])
            last = ids[-1]


def _next(cursor: Any, last: int) -> list[tuple[int, int, str]]:
    cursor.execute(NEXT, [last, PORTION])
    return list(cursor.fetchall())


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0024_names_made_up"),
        ("workspace", "0001_initial"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
