"""By what providers name messages: found by it alone."""

import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    """One table of look-ups."""

    dependencies = [("campaigns", "0014_contact_count_by_day")]

    operations = [
        migrations.CreateModel(
            name="MessageReference",
            fields=[
                ("digest", models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ("profile_id", models.BigIntegerField()),
                ("message_id", models.BigIntegerField()),
                ("kept_on", models.DateField()),
            ],
            options={
                "db_table": "message_reference",
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(
                        autosummarize=True, fields=["kept_on"], name="message_reference_by_day"
                    )
                ],
            },
        ),
    ]
