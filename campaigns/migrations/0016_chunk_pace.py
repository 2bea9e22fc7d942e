"""A throttled send is spread over its chunks: no worker waits between them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two columns; null where nothing is throttled, and in what was queued before."""

    dependencies = [("campaigns", "0015_message_reference")]

    operations = [
        migrations.AddField("messagechunk", "per_second", models.FloatField(null=True)),
        migrations.AddField("messagechunk", "ready_at", models.DateTimeField(null=True)),
    ]
