"""The key of contact counts holds the tag."""

from django.db import migrations

MAKE = (
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS contact_count_by_tag"
    " ON contact_count (profile_id, channel, day, tag)"
)
TAKE = (
    "ALTER TABLE contact_count DROP CONSTRAINT contact_count_pkey,"
    " ADD CONSTRAINT contact_count_pkey PRIMARY KEY USING INDEX contact_count_by_tag"
)
BACK = (
    "DELETE FROM contact_count WHERE tag <> '';"
    " ALTER TABLE contact_count DROP CONSTRAINT contact_count_pkey,"
    " ADD CONSTRAINT contact_count_pkey PRIMARY KEY (profile_id, channel, day)"
)


class Migration(migrations.Migration):
    """The table has a row for each person and day written to: nobody waits for its index."""

    atomic = False

    dependencies = [("campaigns", "0018_counts_by_tag")]

    operations = [
        migrations.RunSQL(MAKE, migrations.RunSQL.noop),
        migrations.RunSQL(TAKE, BACK),
    ]
