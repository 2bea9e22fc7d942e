"""What was refused before is counted by the hour."""

from django.db import migrations

COUNT = """
INSERT INTO refusal_count (source_id, code, at, n, kept)
SELECT source_id, code, date_trunc('hour', received_at, 'UTC'), count(*), count(*)
FROM rejection GROUP BY 1, 2, 3
"""


class Migration(migrations.Migration):
    """Data only."""

    dependencies = [("profiles", "0013_refusal_count")]

    operations = [migrations.RunSQL(COUNT, "DELETE FROM refusal_count")]
