"""What is being handed over is found at once: whoever was left marked is looked for each second."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """One partial index, made while messages are written."""

    atomic = False

    dependencies = [("campaigns", "0009_bound_revenue")]

    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state", "handing_over")),
                fields=["profile", "id"],
                name="message_handing_over",
            ),
        ),
    ]
