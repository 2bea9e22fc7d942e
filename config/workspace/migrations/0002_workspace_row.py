"""The one workspace row."""

import secrets

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def make(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """One row, with a salt of its own."""
    apps.get_model("workspace", "Workspace").objects.create(id=1, salt=secrets.token_hex(32))


class Migration(migrations.Migration):
    """Data only."""

    dependencies = [("workspace", "0001_tables")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
