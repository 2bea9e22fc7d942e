"""The function that makes a missing month of `event` and `event_item`, and this year's months."""

from datetime import UTC, datetime

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from config.workspace.tables.schema import MAKE_MONTH


def make_current_month(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """The writer makes every other month when it first meets it."""
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT rapport_make_month(%s)", [datetime.now(UTC)])


class Migration(migrations.Migration):
    """Months; reversible."""

    dependencies = [("profiles", "0001_initial")]

    operations = [
        migrations.RunSQL(MAKE_MONTH, "DROP FUNCTION rapport_make_month(timestamptz)"),
        migrations.RunPython(make_current_month, migrations.RunPython.noop),
    ]
