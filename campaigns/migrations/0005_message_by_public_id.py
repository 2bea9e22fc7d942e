"""One message is looked up by its id, as the API gives it out."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """An index."""

    dependencies = [("campaigns", "0004_why_not")]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["public_id"], name="message_by_public_id"),
        ),
    ]
