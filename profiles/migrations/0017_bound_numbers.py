"""Numbers that no sum can hold were kept until now; the events keep them in their properties."""

from django.db import migrations

# A sum over two of 1e308 is an error of the database, on every page that shows it.
BOUND = """
    UPDATE event SET value = NULL WHERE value > 1e15 OR value < -1e15;
    UPDATE event_item SET price = NULL WHERE price > 1e15 OR price < -1e15;
    UPDATE event_item SET quantity = 1 WHERE quantity > 1e15 OR quantity < -1e15;
    UPDATE event_state s SET sum = coalesce((
        SELECT sum(e.value) FROM event e WHERE e.profile_id = s.profile_id AND e.name = s.name), 0)
    WHERE s.sum > 1e15 OR s.sum < -1e15;
"""


class Migration(migrations.Migration):
    """Not reversible: the numbers are still in the properties, nothing else needs them."""

    dependencies = [("profiles", "0016_field_tag")]
    operations = [migrations.RunSQL(BOUND, migrations.RunSQL.noop)]
