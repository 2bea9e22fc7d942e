"""Indexes: who holds an address, and what is due by time alone."""

from django.db import migrations


class Migration(migrations.Migration):
    """By SQL, as one is over an expression of the ledger's jsonb."""

    dependencies = [("consent", "0002_purposes")]

    operations = [
        migrations.RunSQL(
            # a withdrawal for an address, of everyone who holds it
            "CREATE INDEX consent_state_by_point ON consent_state (contact_point)"
            " WHERE contact_point <> ''",
            "DROP INDEX consent_state_by_point",
        ),
        migrations.RunSQL(
            # consent.ledger.elapsing: expiries and the ends of pauses
            "CREATE INDEX consent_entry_until ON consent_entry ((evidence->>'until'))"
            " WHERE evidence->>'until' IS NOT NULL",
            "DROP INDEX consent_entry_until",
        ),
        migrations.RunSQL(
            # the derivation, and one person's history of one permission
            "CREATE INDEX consent_entry_by_permission ON consent_entry"
            " (profile_id, purpose_id, channel)",
            "DROP INDEX consent_entry_by_permission",
        ),
    ]
