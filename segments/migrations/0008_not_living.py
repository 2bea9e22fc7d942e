"""Rules leave out whoever is not living: `profile_not_living` has taken this index's place."""

from django.db import migrations


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = [("segments", "0007_segment_revision"), ("profiles", "0022_merged_people")]

    operations = [
        migrations.RunSQL(
            "DROP INDEX profile_erased",
            "CREATE INDEX profile_erased ON profile (id) WHERE state = 'erased'",
        ),
    ]
