"""Old claims of message ids are found without reading all: days follow each other in the table."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    """The table has a row for each message of 13 months: nobody waits for its index."""

    atomic = False
    dependencies = [("profiles", "0014_count_refusals")]

    operations = [
        AddIndexConcurrently(
            "messageclaim",
            django.contrib.postgres.indexes.BrinIndex(
                fields=["received_on"], name="message_claim_by_day"
            ),
        ),
    ]
