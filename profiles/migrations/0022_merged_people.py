"""Who was merged is merged, not erased, and says who holds it all today."""

from django.db import migrations, models

# whose public id leads to somebody else
TELL = """
    UPDATE profile p SET state = 'merged', merged_into_id = i.profile_id
    FROM merge m JOIN profile h ON h.id = m.absorbed_id
    JOIN identifier i ON i.kind = 'rapport_id' AND i.value = h.public_id::text
    WHERE m.kind = 'merge' AND m.undone_at IS NULL AND p.id = h.id AND p.state = 'erased'
      AND i.profile_id <> p.id
"""
UNTELL = "UPDATE profile SET state = 'erased', merged_into_id = NULL WHERE state = 'merged'"


class Migration(migrations.Migration):
    """A column, filled for the few who were merged, and what holds it to the state."""

    dependencies = [("profiles", "0021_warning_example")]

    operations = [
        migrations.AddField(
            model_name="profile",
            name="merged_into_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="profile",
            name="state",
            field=models.CharField(
                choices=[
                    ("active", "Active"),
                    ("restricted", "Restricted"),
                    ("merged", "Merged into another"),
                    ("erased", "Erased"),
                ],
                default="active",
                max_length=10,
            ),
        ),
        migrations.RunSQL(TELL, UNTELL),
        migrations.AddIndex(
            model_name="profile",
            index=models.Index(
                condition=models.Q(("state__in", ("erased", "merged"))),
                fields=["id"],
                name="profile_not_living",
            ),
        ),
        migrations.AddIndex(
            model_name="profile",
            index=models.Index(
                condition=models.Q(("merged_into_id__isnull", False)),
                fields=["merged_into_id"],
                name="profile_merged_into",
            ),
        ),
        migrations.AddConstraint(
            model_name="profile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("merged_into_id__isnull", False), ("state", "merged")),
                    models.Q(
                        models.Q(("state", "merged"), _negated=True),
                        ("merged_into_id__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="profile_merged_into_somebody",
            ),
        ),
    ]
