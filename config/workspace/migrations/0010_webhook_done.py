"""Webhook calls that are done are found by when they were made."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One partial index; nothing writes the table yet."""

    dependencies = [("workspace", "0009_counted_by_nouns")]

    operations = [
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(
                    ("delivered_at__isnull", False), ("failed_at__isnull", False), _connector="OR"
                ),
                fields=["created_at"],
                name="webhook_done",
            ),
        ),
    ]
