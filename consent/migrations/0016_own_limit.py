"""How often somebody wants to be written to."""

import django.db.models.deletion
from django.db import migrations, models

from config.workspace.tables.schema import CreateProfileTable


class Migration(migrations.Migration):
    """One table."""

    dependencies = [
        ("consent", "0015_retention"),
        ("profiles", "0005_usable_people"),
    ]

    operations = [
        CreateProfileTable(
            name="OwnLimit",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("identifier_id", models.BigIntegerField(default=0)),
                ("channel", models.TextField()),
                ("count", models.PositiveSmallIntegerField()),
                ("per_days", models.PositiveSmallIntegerField()),
                ("set_at", models.DateTimeField()),
                (
                    "profile",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="profiles.profile",
                    ),
                ),
            ],
            key=("profile_id", "id"),
            options={
                "verbose_name": "limit of a person's own",
                "verbose_name_plural": "limits of people's own",
                "db_table": "own_limit",
            },
        ),
    ]
