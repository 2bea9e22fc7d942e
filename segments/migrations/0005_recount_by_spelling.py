"""What rules mean has changed (contact points, codes, days): every segment is counted anew."""

from django.db import migrations

RECOUNT = """
UPDATE segment SET refresh_requested_at = now(), status = 'refreshing'
WHERE kind = 'dynamic' AND archived_at IS NULL
"""


class Migration(migrations.Migration):
    """Asks for it; the work on segments does it. Nothing to take back."""

    dependencies = [("segments", "0004_segment_failures")]

    operations = [migrations.RunSQL(RECOUNT, migrations.RunSQL.noop)]
