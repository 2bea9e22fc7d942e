"""What colleagues write of a person."""

from django.db import migrations, models

from config.workspace.tables.schema import CreateProfileTable


class Migration(migrations.Migration):
    dependencies = [("profiles", "0013_kinds_of_usual_names")]

    operations = [
        CreateProfileTable(
            name="Note",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("profile_id", models.BigIntegerField()),
                ("author_id", models.BigIntegerField()),
                ("author_name", models.TextField()),
                ("text", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("edited_at", models.DateTimeField(null=True)),
                ("revision", models.IntegerField(default=1)),
            ],
            options={
                "db_table": "note",
                "verbose_name": "note",
                "verbose_name_plural": "notes",
            },
            key=("profile_id", "id"),
            include=(),
            partition_by="",
        ),
    ]
