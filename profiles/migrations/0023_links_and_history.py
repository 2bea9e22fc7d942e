"""What nothing can compute later: which identifiers were named together, and what was said before."""

from django.db import migrations, models

from config.workspace.tables.schema import CreateProfileTable


class Migration(migrations.Migration):
    """Two tables that begin empty, and a column without a value; reversible."""

    dependencies = [("profiles", "0022_merged_people")]

    operations = [
        CreateProfileTable(
            name="IdentifierLink",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("one_id", models.BigIntegerField()),
                ("other_id", models.BigIntegerField()),
                ("is_proven", models.BooleanField()),
                ("source_id", models.BigIntegerField()),
                ("first_seen", models.DateTimeField()),
                ("last_seen", models.DateTimeField()),
            ],
            options={
                "db_table": "identifier_link",
                "indexes": [models.Index(fields=["last_seen"], name="identifier_link_by_seen")],
            },
            key=["one_id", "other_id"],
        ),
        CreateProfileTable(
            name="TraitHistory",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("profile_id", models.BigIntegerField()),
                ("name", models.TextField()),
                ("source_id", models.BigIntegerField()),
                ("identifier_id", models.BigIntegerField()),
                ("value", models.JSONField()),
                ("set_at", models.DateTimeField()),
                ("replaced_at", models.DateTimeField()),
            ],
            options={
                "db_table": "trait_history",
                "indexes": [models.Index(fields=["replaced_at"], name="trait_history_by_end")],
            },
            key=["profile_id", "id"],
        ),
        migrations.AddField(
            model_name="profiletrait",
            name="since",
            field=models.DateTimeField(null=True),
        ),
    ]
