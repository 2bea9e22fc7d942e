"""Indexes of the console: the newest calls, search by order number and by the last name."""

import django.contrib.postgres.indexes
import django.db.models.fields.json
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    """Made before there are rows; a later one on big tables would go partition by partition."""

    dependencies = [("profiles", "0004_merge_pending_and_warnings")]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["id"], name="event_newest"
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                django.db.models.functions.text.Left(
                    django.db.models.fields.json.KeyTextTransform("order_id", "properties"), 200
                ),
                condition=models.Q(("name", "Order Completed")),
                name="event_by_order",
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
                name="profile_by_last_name",
            ),
        ),
    ]
