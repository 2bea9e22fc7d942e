"""Which state of a draft a change builds on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column with a constant default; reversible."""

    dependencies = [("campaigns", "0006_sender_archived")]

    operations = [
        migrations.AddField(
            model_name="campaign", name="revision", field=models.IntegerField(default=1)
        ),
    ]
