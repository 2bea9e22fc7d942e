"""Contact frequency by tag and in all, on the person's own day."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """Three columns with constants or nulls: nothing is rewritten. Reversible."""

    dependencies = [("campaigns", "0017_once_without_enrolment")]

    operations = [
        migrations.AddField("message", "counted_on", models.DateField(null=True)),
        migrations.AddField("contactcount", "tag", models.TextField(default="", db_default="")),
        migrations.AddField(
            "contentversion",
            "tags",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), default=list, size=None
            ),
        ),
    ]
