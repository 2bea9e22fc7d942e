"""Which state of a segment a change builds on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column with a constant default; reversible."""

    dependencies = [("segments", "0006_days_of_the_workspace")]

    operations = [
        migrations.AddField(
            model_name="segment", name="revision", field=models.IntegerField(default=1)
        ),
    ]
