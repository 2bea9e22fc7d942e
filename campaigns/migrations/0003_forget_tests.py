"""Tests to oneself made a person and a message with another person's data: both go.

Gone are the messages of tests (known by their idempotency keys) with all that they copied. Of the
persons made for them only those go of whom nothing else is known: erased, with their address free
again for whoever it belongs to. Anyone else who was marked as a test has become a person.
Not reversible: what is taken out here should never have been kept.
"""

from django.db import migrations

MESSAGES = """
WITH gone AS (
    DELETE FROM message
    WHERE campaign_id IS NULL AND enrolment_id IS NULL
      AND idempotency_key ~ '^test-[0-9]+-[0-9a-f]{16}$'
      AND data ?& ARRAY['traits', 'person', 'customer', 'profile', '_request']
    RETURNING content_version_id
)
DELETE FROM content_version v USING gone g
WHERE v.id = g.content_version_id AND v.version_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM message m WHERE m.content_version_id = v.id
                  AND m.idempotency_key !~ '^test-[0-9]+-[0-9a-f]{16}$')
"""

# nothing but an id and the address of somebody of the team
PERSONS = """
UPDATE profile p SET state = 'erased', is_test = false, traits = '{}', display_name = ''
WHERE p.is_test AND p.state = 'active'
  AND EXISTS (SELECT 1 FROM identifier i JOIN "user" u ON lower(u.email) = i.value
              WHERE i.profile_id = p.id AND i.kind = 'email')
  AND NOT EXISTS (SELECT 1 FROM identifier i WHERE i.profile_id = p.id
                  AND i.kind NOT IN ('rapport_id', 'email'))
  AND NOT EXISTS (SELECT 1 FROM event e WHERE e.profile_id = p.id)
  AND NOT EXISTS (SELECT 1 FROM profile_trait t WHERE t.profile_id = p.id)
  AND NOT EXISTS (SELECT 1 FROM consent_entry c WHERE c.profile_id = p.id)
  AND NOT EXISTS (SELECT 1 FROM merge g WHERE p.id IN (g.survivor_id, g.absorbed_id))
RETURNING p.id
"""
LEFT = """
WITH gone AS (
    UPDATE membership SET left_at = greatest(now(), entered_at)
    WHERE profile_id = ANY(%s) AND left_at IS NULL RETURNING segment_id
), fewer AS (SELECT segment_id, count(*) AS n FROM gone GROUP BY 1)
UPDATE segment s SET count = greatest(s.count - f.n, 0) FROM fewer f WHERE s.id = f.segment_id
"""


def forget(apps, schema_editor):
    """Four statements and one more, whatever the number of tests."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(MESSAGES)
        cursor.execute(PERSONS)
        people = [number for (number,) in cursor.fetchall()]
        cursor.execute(LEFT, [people])
        cursor.execute("DELETE FROM identifier WHERE profile_id = ANY(%s)", [people])
        cursor.execute("UPDATE profile SET is_test = false WHERE is_test")


class Migration(migrations.Migration):
    """Data only."""

    dependencies = [
        ("campaigns", "0002_permission"),
        ("profiles", "0011_room_for_updates"),
        ("consent", "0003_look_ups"),
        ("segments", "0003_segment_counted_version"),
        ("workspace", "0001_initial"),
    ]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
