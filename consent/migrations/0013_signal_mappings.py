"""What consent platforms call our purposes."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A new table."""

    dependencies = [
        ("consent", "0012_erasure_receipts"),
        ("profiles", "0005_usable_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="SignalMapping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "signal",
                    models.CharField(
                        choices=[
                            ("category", "Category of a banner"),
                            ("tcf", "TCF purpose"),
                            ("gpp", "GPP opt-out"),
                        ],
                        max_length=10,
                        verbose_name="signal",
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                (
                    "purpose",
                    models.ForeignKey(
                        blank=True,
                        help_text="None: the name decides on nothing here.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="consent.purpose",
                        verbose_name="purpose",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        blank=True,
                        help_text="None: every source that has no rows of its own for this signal.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="profiles.source",
                        verbose_name="source",
                    ),
                ),
            ],
            options={
                "verbose_name": "signal",
                "verbose_name_plural": "signals",
                "db_table": "signal_mapping",
                "ordering": ["source", "signal", "name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "signal", "name", "purpose"),
                        name="signal_mapping_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
    ]
