"""Which way people take through a campaign; who is due is found by campaign."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

from config.workspace.tables.schema import CreateProfileTable


class Migration(migrations.Migration):
    """One table, and another index in place of one."""

    dependencies = [
        ("campaigns", "0019_count_key_by_tag"),
        ("profiles", "0022_merged_people"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="enrolment", name="enrolment_due"),
        migrations.AddIndex(
            model_name="enrolment",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False), ("ended_at__isnull", True)),
                fields=["campaign", "due_at"],
                name="enrolment_due",
            ),
        ),
        CreateProfileTable(
            name="Transition",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "profile",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="profiles.profile",
                    ),
                ),
                ("enrolment_id", models.BigIntegerField()),
                ("campaign_id", models.BigIntegerField()),
                ("from_step", models.TextField()),
                ("to_step", models.TextField(blank=True, default="")),
                ("visit", models.IntegerField(default=1)),
                ("at", models.DateTimeField()),
                ("decided", models.TextField()),
            ],
            options={"db_table": "enrolment_transition"},
            key=["profile_id", "id"],
        ),
        migrations.AddConstraint(
            model_name="transition",
            constraint=models.UniqueConstraint(
                fields=("profile", "enrolment_id", "from_step", "visit"),
                name="transition_once",
            ),
        ),
        migrations.AddIndex(
            model_name="transition",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["at"], name="transition_by_time"
            ),
        ),
        migrations.AddIndex(
            model_name="transition",
            index=models.Index(fields=["campaign_id", "from_step"], name="transition_by_step"),
        ),
    ]
