"""An identifier lies beside its person; who has a kind and value is said by a table of keys."""

from django.db import migrations, models

from config.workspace.tables.schema import CreateProfileTable

FILL = """
    INSERT INTO identifier_key (id, kind, value, profile_id)
    SELECT id, kind, value, profile_id FROM identifier
    ORDER BY value COLLATE "C", kind COLLATE "C"
"""
KEY = """
    ALTER TABLE identifier DROP CONSTRAINT identifier_pkey;
    ALTER TABLE identifier ADD CONSTRAINT identifier_pkey PRIMARY KEY ({columns})
"""


class Migration(migrations.Migration):
    """The keys are filled first, in one statement: nothing else may write meanwhile.

    Reversible, the old key being unique still.
    """

    dependencies = [("profiles", "0025_digest_push_tokens")]

    operations = [
        CreateProfileTable(
            name="IdentifierKey",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("kind", models.TextField(db_collation="C")),
                ("value", models.TextField(db_collation="C")),
                ("profile_id", models.BigIntegerField()),
            ],
            options={"db_table": "identifier_key"},
            key=("value", "kind"),
        ),
        migrations.RunSQL(
            "LOCK TABLE identifier IN SHARE ROW EXCLUSIVE MODE", migrations.RunSQL.noop
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="identifierkey",
            index=models.Index(fields=["id"], name="identifier_key_by_id"),
        ),
        migrations.RemoveIndex(model_name="identifier", name="identifier_by_profile"),
        migrations.RemoveIndex(model_name="identifier", name="identifier_by_id"),
        migrations.RemoveIndex(model_name="identifier", name="identifier_by_value"),
        migrations.RunSQL(KEY.format(columns="profile_id, id"), KEY.format(columns="kind, value")),
    ]
