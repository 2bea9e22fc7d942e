"""Why somebody got nothing, in more than a word: what the gate knew of it when it decided; and how
many would get it, as whoever launched was shown.

Columns with a constant default and columns that may be null: no row is written anew. What was
decided before says its reason alone.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns of a message, of the counts that take the place of old ones, and of a launch."""

    dependencies = [("campaigns", "0003_cheaper_to_write")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="detail",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="message", name="said_id", field=models.BigIntegerField(null=True)
        ),
        migrations.AddField(
            model_name="message", name="decided_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="excludedcount",
            name="detail",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="campaignversion",
            name="shown_recipients",
            field=models.BigIntegerField(null=True),
        ),
        migrations.RemoveConstraint(model_name="excludedcount", name="excluded_count_once"),
        migrations.AddConstraint(
            model_name="excludedcount",
            constraint=models.UniqueConstraint(
                fields=("campaign", "variant", "reason", "detail"), name="excluded_count_once"
            ),
        ),
    ]
