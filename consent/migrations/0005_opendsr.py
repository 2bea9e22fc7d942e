"""Requests that another system passed on, and the calls that tell it where they stand."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A row a request has few of; nothing to fill."""

    dependencies = [
        ("consent", "0004_deadlines"),
    ]

    operations = [
        migrations.AddField(
            model_name="privacyrequest",
            name="asked_digest",
            field=models.BinaryField(max_length=16, null=True),
        ),
        migrations.AddField(
            model_name="privacyrequest",
            name="callback_urls",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="privacyrequest",
            name="controller",
            field=models.CharField(blank=True, default="", max_length=200),
        ),
        migrations.AddField(
            model_name="privacyrequest",
            name="external_id",
            field=models.UUIDField(null=True, unique=True),
        ),
        migrations.AddField(
            model_name="privacyrequest",
            name="forwarded_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="StatusCallback",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("url", models.TextField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Received"),
                            ("in_progress", "In progress"),
                            ("completed", "Completed"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=20,
                    ),
                ),
                ("attempts", models.SmallIntegerField(default=0)),
                ("due_at", models.DateTimeField()),
                ("delivered_at", models.DateTimeField(null=True)),
                ("failed_at", models.DateTimeField(null=True)),
                ("last_error", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="callbacks",
                        to="consent.privacyrequest",
                    ),
                ),
            ],
            options={
                "db_table": "opendsr_callback",
                "ordering": ["id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            ("delivered_at__isnull", True), ("failed_at__isnull", True)
                        ),
                        fields=["due_at"],
                        name="opendsr_callback_due",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("delivered_at__isnull", False),
                            ("failed_at__isnull", False),
                            _connector="OR",
                        ),
                        fields=["created_at"],
                        name="opendsr_callback_done",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("request", "url", "status"), name="opendsr_callback_once"
                    )
                ],
            },
        ),
    ]
