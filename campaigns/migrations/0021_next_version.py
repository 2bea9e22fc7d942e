"""A running campaign may have a draft of its next version."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column. Reversible."""

    dependencies = [("campaigns", "0020_transitions")]

    operations = [
        migrations.AddField(model_name="campaign", name="next", field=models.JSONField(null=True)),
    ]
