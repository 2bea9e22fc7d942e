"""What earlier faults left marked though nobody hands it over: nobody knows what became of it.

Not reversible: that a message was marked once more says nothing.
"""

from django.db import migrations

SETTLE = """
UPDATE message m SET state = 'unknown', reason = 'interrupted'
WHERE m.state = 'handing_over'
  AND NOT EXISTS (SELECT 1 FROM message_chunk c WHERE m.id = ANY(c.message_ids))
"""


class Migration(migrations.Migration):
    """Data only."""

    dependencies = [("campaigns", "0007_campaign_revision")]

    operations = [migrations.RunSQL(SETTLE, migrations.RunSQL.noop)]
