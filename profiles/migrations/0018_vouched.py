"""Who vouched for an identifier, and when last.

What was said through the API is as good as what a source of ours says: people that it made are
proven.
"""

from django.db import migrations, models

PROVE = """
    UPDATE identifier i SET verified_at = i.first_seen, verified_source_id = s.id
    FROM source s
    WHERE s.id = i.first_source_id AND s.is_internal AND s.name = 'Rapport'
      AND i.verified_at IS NULL AND i.kind <> 'rapport_id'
"""


class Migration(migrations.Migration):
    dependencies = [("profiles", "0017_bound_numbers")]

    operations = [
        migrations.AddField(
            model_name="identifier",
            name="verified_source_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="identifier",
            name="vouched_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL(PROVE, migrations.RunSQL.noop),
    ]
