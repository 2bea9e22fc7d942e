"""Addresses that a permission names, of people of whom nothing else is proven, are proven.

Mail goes to proven addresses alone from now on. The permission was recorded by somebody who holds a
key of ours or a link sent to that address; where something else is proven of the person, the
address may be one that somebody else put there with a public key, and stays unproven.
"""

from django.db import migrations

PROVE = """
    UPDATE identifier i SET verified_at = now()
    WHERE i.kind IN ('email', 'phone') AND i.verified_at IS NULL
      AND EXISTS (SELECT 1 FROM consent_state c
                  WHERE c.profile_id = i.profile_id AND c.contact_point = i.value
                    AND c.status = 'granted')
      AND NOT EXISTS (SELECT 1 FROM identifier o
                      WHERE o.profile_id = i.profile_id AND o.verified_at IS NOT NULL
                        AND o.kind NOT IN ('rapport_id', 'anonymous_id', 'device_id', 'push_token'))
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0004_archived"), ("profiles", "0018_vouched")]

    operations = [migrations.RunSQL(PROVE, migrations.RunSQL.noop)]
