"""Whose a message is where its address went to another; whose an enrolment was before a merge."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two columns without a value, and an index that begins empty; reversible."""

    dependencies = [("campaigns", "0010_handing_over_index"), ("profiles", "0022_merged_people")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="owner_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("owner_id__isnull", False)),
                fields=["owner_id"],
                name="message_by_owner",
            ),
        ),
        migrations.AddField(
            model_name="enrolment",
            name="source_profile_id",
            field=models.BigIntegerField(null=True),
        ),
    ]
