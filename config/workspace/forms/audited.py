"""The form of a record whose changes are in the audit trail."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from config.workspace import audit
from config.workspace.forms.conflicts import StaleGuard


class AuditedAdmin(StaleGuard):
    """Every change goes to our audit trail with the names of the fields; Django's log is off."""

    def _record(self, request: HttpRequest, action: str, row: Any, fields: list[str]) -> None:
        with audit.acting(audit.actor_of_user(request.user)):  # type: ignore[arg-type]
            kind = self.opts.model_name or ""
            audit.record(f"{kind}.{action}", kind, str(row.pk), fields=fields)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Made."""
        self._record(request, "created", obj, [])

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Changed, and which fields."""
        fields = [
            name
            for part in message
            if isinstance(part, dict)
            for name in part.get("changed", {}).get("fields", [])
        ]
        self._record(request, "changed", obj, fields)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Deleted."""
        for row in queryset:
            self._record(request, "deleted", row, [])
