"""Which version of its rule a segment's stored members are of."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One nullable column; reversible."""

    dependencies = [("segments", "0002_rule_functions")]

    operations = [
        migrations.AddField(
            model_name="segment", name="counted_version", field=models.IntegerField(null=True)
        ),
    ]
