"""Webhooks as they work: kept secrets, their state, and deliveries that name nobody."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("workspace", "0005_access_links"),
    ]

    operations = [
        # nothing has written any yet; their public ids have to differ
        migrations.RunSQL("DELETE FROM webhook_delivery", migrations.RunSQL.noop),
        migrations.AlterModelOptions(
            name="webhook",
            options={"verbose_name": "webhook", "verbose_name_plural": "webhooks"},
        ),
        migrations.RemoveIndex(
            model_name="webhookdelivery",
            name="webhook_due",
        ),
        migrations.RemoveField(
            model_name="webhookdelivery",
            name="body",
        ),
        migrations.AddField(
            model_name="webhook",
            name="description",
            field=models.CharField(
                blank=True, default="", max_length=200, verbose_name="description"
            ),
        ),
        migrations.AddField(
            model_name="webhook",
            name="failing_since",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="webhook",
            name="failures",
            field=models.IntegerField(default=0),
        ),
        migrations.AddField(
            model_name="webhook",
            name="former_secret",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="workspace.secret",
            ),
        ),
        migrations.AddField(
            model_name="webhook",
            name="former_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="webhook",
            name="last_taken_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="webhook",
            name="off_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="webhook",
            name="off_because",
            field=models.CharField(
                blank=True,
                choices=[
                    ("by_hand", "switched off by hand"),
                    ("gone", "it answered 410: nobody wants to be told there any more"),
                    ("failing", "it took nothing for days"),
                ],
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="webhook",
            name="server",
            field=models.CharField(default="", editable=False, max_length=300),
        ),
        migrations.AddField(
            model_name="webhookdelivery",
            name="answer",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="webhookdelivery",
            name="data",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="webhookdelivery",
            name="people",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="webhookdelivery",
            name="public_id",
            field=models.UUIDField(default=uuid.uuid4, unique=True),
        ),
        migrations.AddField(
            model_name="webhookdelivery",
            name="sealed",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="webhookdelivery",
            name="tries",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="webhookdelivery",
            name="withheld",
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name="webhook",
            name="secret",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="workspace.secret",
            ),
        ),
        migrations.AlterField(
            model_name="webhook",
            name="url",
            field=models.URLField(max_length=2000, verbose_name="address"),
        ),
        migrations.AlterField(
            model_name="webhookdelivery",
            name="due_at",
            field=models.DateTimeField(),
        ),
        migrations.AlterField(
            model_name="webhookdelivery",
            name="last_error",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AlterField(
            model_name="webhookdelivery",
            name="webhook",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, to="workspace.webhook"
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("delivered_at__isnull", True), ("failed_at__isnull", True)),
                fields=["webhook", "due_at"],
                name="webhook_due",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(fields=["webhook", "-id"], name="webhook_log"),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("failed_at__isnull", False)),
                fields=["webhook", "failed_at"],
                name="webhook_failed",
            ),
        ),
    ]
