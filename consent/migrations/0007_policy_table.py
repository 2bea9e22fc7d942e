"""The policy table, which nobody filled or read so far, as rows of terms with their versions."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A table made anew: the former one was empty."""

    dependencies = [
        ("consent", "0006_wordings"),
    ]

    operations = [
        migrations.DeleteModel(
            name="Policy",
        ),
        migrations.CreateModel(
            name="Policy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=60, unique=True, verbose_name="slug")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("place", models.CharField(max_length=6, verbose_name="country or region")),
                (
                    "channel",
                    models.CharField(blank=True, default="", max_length=15, verbose_name="channel"),
                ),
                (
                    "purpose_class",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("marketing", "Marketing"),
                            ("transactional", "Transactional"),
                            ("processing", "Processing"),
                        ],
                        default="",
                        max_length=14,
                        verbose_name="class of purpose",
                    ),
                ),
                ("terms", models.JSONField(default=dict)),
                (
                    "law",
                    models.CharField(blank=True, default="", max_length=300, verbose_name="law"),
                ),
                (
                    "source",
                    models.TextField(blank=True, default="", verbose_name="where it stands"),
                ),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="from")),
                ("valid_until", models.DateField(blank=True, null=True, verbose_name="until")),
                ("is_on", models.BooleanField(default=True, verbose_name="switched on")),
                ("version", models.PositiveIntegerField(default=1)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "purpose",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="consent.purpose",
                        verbose_name="purpose",
                    ),
                ),
            ],
            options={
                "verbose_name": "policy",
                "verbose_name_plural": "policies",
                "db_table": "policy",
                "ordering": ["place", "purpose_class", "channel", "slug"],
            },
        ),
        migrations.CreateModel(
            name="PolicyVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("said", models.JSONField()),
                ("at", models.DateTimeField()),
                ("actor", models.TextField(blank=True, default="")),
                ("why", models.TextField(blank=True, default="", verbose_name="why")),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="consent.policy",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a policy",
                "verbose_name_plural": "versions of policies",
                "db_table": "policy_version",
                "ordering": ["policy", "-version"],
            },
        ),
        migrations.AddConstraint(
            model_name="policyversion",
            constraint=models.UniqueConstraint(
                fields=("policy", "version"), name="policy_version_once"
            ),
        ),
    ]
