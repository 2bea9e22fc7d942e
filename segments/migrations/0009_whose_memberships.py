"""By which identifier a list named somebody, and whose a membership was before a merge."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two columns without a value; reversible."""

    dependencies = [("segments", "0008_not_living")]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="identifier_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="membership",
            name="source_profile_id",
            field=models.BigIntegerField(null=True),
        ),
    ]
