"""Every table of the app, as its models say it.

`replaces` names what a database of before this file has applied: it goes on as it is.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from config.workspace.tables.schema import CreateProfileTable


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("segments", "0001_initial"),
        ("segments", "0003_segment_counted_version"),
        ("segments", "0004_segment_failures"),
        ("segments", "0005_recount_by_spelling"),
        ("segments", "0006_days_of_the_workspace"),
        ("segments", "0007_segment_revision"),
        ("segments", "0008_not_living"),
        ("segments", "0009_whose_memberships"),
    ]

    dependencies = [
        ("profiles", "0001_tables"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Segment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=80, unique=True, verbose_name="slug")),
                ("name", models.CharField(max_length=300, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[("dynamic", "Dynamic"), ("static", "Static")],
                        default="dynamic",
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("description", models.TextField(blank=True, verbose_name="description")),
                ("rule", models.JSONField(default=dict)),
                ("version", models.IntegerField(default=1)),
                ("revision", models.IntegerField(default=1)),
                (
                    "depends_on",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                ("is_timed", models.BooleanField(default=False)),
                ("count", models.BigIntegerField(default=0)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("fresh", "Fresh"),
                            ("refreshing", "Refreshing"),
                            ("failed", "Failed"),
                        ],
                        default="refreshing",
                        max_length=10,
                    ),
                ),
                ("error", models.TextField(blank=True)),
                ("failures", models.IntegerField(default=0)),
                ("failed_at", models.DateTimeField(null=True)),
                ("refresh_requested_at", models.DateTimeField(null=True)),
                ("refreshed_at", models.DateTimeField(null=True)),
                ("counted_version", models.IntegerField(null=True)),
                ("counted_in", models.CharField(default="", max_length=80)),
                ("refresh_seconds", models.FloatField(null=True)),
                ("archived_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "segment",
                "verbose_name_plural": "segments",
                "db_table": "segment",
                "ordering": ["name"],
            },
        ),
        CreateProfileTable(
            name="Score",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("model", models.TextField()),
                ("value", models.FloatField()),
                ("reasons", models.JSONField(default=list)),
                ("scored_at", models.DateTimeField()),
                (
                    "profile",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="profiles.profile",
                    ),
                ),
            ],
            options={
                "db_table": "score",
                "indexes": [models.Index(fields=["model", "value"], name="score_by_value")],
            },
            key=("profile_id", "model"),
            include=(),
            partition_by="",
        ),
        CreateProfileTable(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("entered_at", models.DateTimeField()),
                ("left_at", models.DateTimeField(null=True)),
                ("identifier_id", models.BigIntegerField(null=True)),
                ("source_profile_id", models.BigIntegerField(null=True)),
                (
                    "profile",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="profiles.profile",
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="segments.segment",
                    ),
                ),
            ],
            options={
                "db_table": "membership",
                "indexes": [
                    models.Index(fields=["segment", "entered_at"], name="membership_by_entered"),
                    models.Index(
                        condition=models.Q(("left_at__isnull", False)),
                        fields=["segment", "left_at"],
                        name="membership_by_left",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("left_at__isnull", True)),
                        fields=("segment", "profile"),
                        name="membership_open_once",
                    )
                ],
            },
            key=("profile_id", "segment_id", "entered_at"),
            include=(),
            partition_by="",
        ),
        migrations.CreateModel(
            name="SegmentSize",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("count", models.BigIntegerField()),
                (
                    "segment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sizes",
                        to="segments.segment",
                    ),
                ),
            ],
            options={
                "db_table": "segment_size",
                "constraints": [
                    models.UniqueConstraint(fields=("segment", "day"), name="segment_size_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="SegmentVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                ("rule", models.JSONField()),
                ("count", models.BigIntegerField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="segments.segment",
                    ),
                ),
            ],
            options={
                "db_table": "segment_version",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("segment", "number"), name="segment_version_once"
                    )
                ],
            },
        ),
    ]
