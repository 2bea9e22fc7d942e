"""No marketing message without a ledger entry that permits it."""

from django.db import migrations

from config.workspace.tables.schema import CompositeForeignKey


class Migration(migrations.Migration):
    """The composite key that the database itself refuses by; not deferrable."""

    dependencies = [("campaigns", "0001_tables"), ("consent", "0001_tables")]

    operations = [
        CompositeForeignKey(
            "message",
            "message_permitted_by_entry",
            ("profile_id", "consent_entry_id", "must_permit"),
            "consent_entry",
            ("profile_id", "id", "permits"),
        ),
    ]
