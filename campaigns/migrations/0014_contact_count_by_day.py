"""Old days of contact counts are found without reading all: days follow each other in the table."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    """The table has a row for each person and day written to: nobody waits for its index."""

    atomic = False

    dependencies = [("campaigns", "0013_excluded_count")]

    operations = [
        AddIndexConcurrently(
            "contactcount",
            django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["day"], name="contact_count_by_day"
            ),
        ),
    ]
