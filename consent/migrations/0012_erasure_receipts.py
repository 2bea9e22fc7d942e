"""Which destinations were told of an erasure, and what they answered."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0011_erasure_exceptions"),
    ]

    operations = [
        migrations.CreateModel(
            name="ErasureReceipt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("destination", models.CharField(max_length=300)),
                (
                    "not_told",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("off", "it is switched off"),
                            ("not_chosen", "it does not ask for erasures"),
                        ],
                        default="",
                        max_length=12,
                    ),
                ),
                ("message_id", models.UUIDField(null=True, unique=True)),
                ("taken_at", models.DateTimeField(null=True)),
                ("failed_at", models.DateTimeField(null=True)),
                ("status", models.IntegerField(null=True)),
                ("reason", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="receipts",
                        to="consent.privacyrequest",
                    ),
                ),
            ],
            options={
                "db_table": "erasure_receipt",
                "ordering": ["id"],
            },
        ),
    ]
