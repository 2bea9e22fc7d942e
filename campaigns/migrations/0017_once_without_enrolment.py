"""A message is unique by campaign where there is no enrolment; one index less that nobody asked."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two partial keys for one; each row stands in one of them at most. Reversible."""

    dependencies = [("campaigns", "0016_chunk_pace")]

    operations = [
        migrations.RemoveConstraint(model_name="message", name="message_once"),
        migrations.RemoveIndex(model_name="message", name="message_due"),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                condition=models.Q(("enrolment_id__isnull", False)),
                fields=("profile", "enrolment_id", "step", "visit"),
                name="message_once_enrolled",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("campaign_id__isnull", False),
                    ("enrolment_id__isnull", True),
                    ("is_test", False),
                ),
                fields=("profile", "campaign_id", "step", "visit"),
                name="message_once",
            ),
        ),
    ]
