"""Who got nothing from campaigns of long ago is counted; each of them is not kept any more."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """One small table."""

    dependencies = [("campaigns", "0012_keys_that_prove_nothing")]

    operations = [
        migrations.CreateModel(
            name="ExcludedCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("variant", models.TextField(blank=True, default="")),
                ("reason", models.TextField()),
                ("n", models.BigIntegerField()),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="campaigns.campaign"
                    ),
                ),
            ],
            options={"db_table": "excluded_count"},
        ),
        migrations.AddConstraint(
            model_name="excludedcount",
            constraint=models.UniqueConstraint(
                fields=("campaign", "variant", "reason"), name="excluded_count_once"
            ),
        ),
    ]
