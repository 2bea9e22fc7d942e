"""Every refused message is counted; `rejection` holds the first of many alike."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A table of sums, local as `rejection` is."""

    dependencies = [("profiles", "0012_attach_evidence")]

    operations = [
        migrations.CreateModel(
            name="RefusalCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=40)),
                ("at", models.DateTimeField()),
                ("n", models.BigIntegerField()),
                ("kept", models.BigIntegerField()),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="profiles.source"
                    ),
                ),
            ],
            options={
                "db_table": "refusal_count",
                "indexes": [
                    models.Index(fields=["source", "at"], name="refusal_count_by_source"),
                    models.Index(fields=["at"], name="refusal_count_by_time"),
                ],
            },
        ),
    ]
