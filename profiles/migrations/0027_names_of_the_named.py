"""Names are found by indexes of those who have one: most visitors have none."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0026_identifier_keys"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="profile",
            name="profile_by_name",
        ),
        migrations.RemoveIndex(
            model_name="profile",
            name="profile_by_last_name",
        ),
        migrations.AddIndex(
            model_name="profile",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Lower("display_name"), name="text_pattern_ops"
                ),
                condition=models.Q(("display_name__gt", "")),
                name="profile_by_name",
            ),
        ),
        migrations.AddIndex(
            model_name="profile",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Lower(
                        models.Func(
                            models.F("display_name"), models.Value("\\S+$"), function="substring"
                        )
                    ),
                    name="text_pattern_ops",
                ),
                condition=models.Q(("display_name__gt", "")),
                name="profile_by_last_name",
            ),
        ),
    ]
