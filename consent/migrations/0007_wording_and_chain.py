"""What was shown, in which language, and the digest by which the ledger is chained."""

from typing import Any

import django.contrib.postgres.indexes
from django.db import migrations, models

PORTION = 10_000
# what was said before has the wording that its evidence names
FILL = """
WITH due AS (
    SELECT profile_id, id FROM consent_entry WHERE digest IS NULL AND id > %s AND id <= %s
)
UPDATE consent_entry e SET
    wording = CASE WHEN jsonb_typeof(e.evidence->'wording') = 'string'
                   THEN left(e.evidence->>'wording', 2000) ELSE '' END,
    language = CASE WHEN jsonb_typeof(e.evidence->'language') = 'string'
                    THEN left(e.evidence->>'language', 35) ELSE '' END,
    digest = sha256(convert_to(
        jsonb_build_array(w.salt, e.id, e.contact_point, e.evidence)::text, 'UTF8'))
FROM due d, workspace w WHERE e.profile_id = d.profile_id AND e.id = d.id
"""


def fill(apps: Any, schema_editor: Any) -> None:
    """Of every entry that has none, in portions; can be run again."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM consent_entry WHERE digest IS NULL")
        (last,) = cursor.fetchone()
        for after in range(0, last, PORTION):
            cursor.execute(FILL, [after, after + PORTION])


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0006_unproven_claims"),
        ("workspace", "0011_seals_of_all_ledgers"),
    ]

    operations = [
        migrations.AddField(
            model_name="consententry",
            name="digest",
            field=models.BinaryField(max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="consententry",
            name="wording",
            field=models.TextField(blank=True, default="", db_default=""),
        ),
        migrations.AddField(
            model_name="consententry",
            name="language",
            field=models.TextField(blank=True, default="", db_default=""),
        ),
        migrations.AddIndex(
            model_name="consententry",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["id"], name="consent_entry_in_order"
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
