"""Changing a named setting of the workspace."""

from collections.abc import Callable
from typing import Any

from django.db import transaction

from config.workspace import audit
from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace


@transaction.atomic
def change_setting(name: str, change: Callable[[Any], Any]) -> None:
    """Make of what stands under `name` (None where nothing does) what `change` says.

    In the audit trail under its name, and read anew from the next look on.
    """
    row = Workspace.objects.select_for_update().get(pk=1)
    row.settings = row.settings | {name: change(row.settings.get(name))}
    row.save(update_fields=["settings"])
    audit.record("workspace.changed", "workspace", "1", fields=[name])
    forget_workspace()
