"""Revenue that no sum can hold was kept until now: see profiles 0017."""

from django.db import migrations

BOUND = """
    UPDATE message SET revenue = NULL WHERE revenue > 1e15 OR revenue < -1e15;
"""


class Migration(migrations.Migration):
    """Not reversible: an amount that large was nobody's."""

    dependencies = [
        ("campaigns", "0008_settle_the_stranded"),
        ("profiles", "0017_bound_numbers"),
    ]
    operations = [migrations.RunSQL(BOUND, migrations.RunSQL.noop)]
