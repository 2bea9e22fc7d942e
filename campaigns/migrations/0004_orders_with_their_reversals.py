"""What a message was credited with, in the new shape: each order with what came back of it."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# Before, `orders` held {order: value} beside {"Order Refunded:<message id>": value}; the event says
# which order such a mark is of. Few messages brought an order, so one statement does it. What a
# single message has of that name is its caller's, in whatever shape.
RESHAPE = """
WITH kept AS (
    SELECT m.profile_id, m.id, m.converted_at, o.key, o.value
    FROM message m, jsonb_each(CASE WHEN m.campaign_id IS NOT NULL THEN m.data->'orders' END) o
    WHERE m.data ? 'orders' AND jsonb_typeof(o.value) IN ('number', 'null')
), marks AS (
    SELECT k.profile_id, k.id, e.properties->>'order_id' AS of_order,
           jsonb_object_agg(k.key, k.value) AS back
    FROM kept k JOIN event e ON e.profile_id = k.profile_id
     AND e.name = split_part(k.key, ':', 1)
     AND e.message_id = substr(k.key, strpos(k.key, ':') + 1)
    WHERE k.key LIKE 'Order Refunded:%' OR k.key LIKE 'Order Cancelled:%'
    GROUP BY 1, 2, 3
), shaped AS (
    SELECT k.profile_id, k.id, jsonb_object_agg(k.key, jsonb_build_object(
               'value', k.value, 'at', k.converted_at, 'back', coalesce(b.back, '{}'))) AS orders
    FROM kept k LEFT JOIN marks b
      ON b.profile_id = k.profile_id AND b.id = k.id AND b.of_order = k.key
    WHERE k.key NOT LIKE 'Order Refunded:%' AND k.key NOT LIKE 'Order Cancelled:%'
    GROUP BY 1, 2
), stands AS (
    SELECT s.profile_id, s.id, s.orders, bool_or(
        coalesce((o.value->>'value')::float8, 1) + coalesce((
            SELECT sum(b.value::float8) FROM jsonb_each_text(o.value->'back') b), 0) > 0.005
        OR o.value->'back' = '{}') AS any_left
    FROM shaped s, jsonb_each(s.orders) o GROUP BY 1, 2, 3
)
UPDATE message m SET data = jsonb_set(m.data, '{orders}', s.orders),
       converted_at = CASE WHEN s.any_left THEN m.converted_at END
FROM stands s WHERE m.profile_id = s.profile_id AND m.id = s.id
"""


def reshape(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Convert what is there; run again, it changes nothing."""
    with editor.connection.cursor() as cursor:
        cursor.execute(RESHAPE)


class Migration(migrations.Migration):
    """Data only. Not reversible: the old shape did not know what came back of which order."""

    dependencies = [("campaigns", "0003_forget_tests"), ("profiles", "0003_event_definitions")]

    operations = [migrations.RunPython(reshape, migrations.RunPython.noop)]
