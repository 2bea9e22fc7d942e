"""Archive, restore and delete what others may use: only while nobody does."""

from django.db import transaction
from django.utils import timezone

from config.workspace import audit
from config.workspace.lifecycle.usage import KINDS, taking


def archive(kind: str, key: str) -> None:
    """Put it away: it is offered nowhere any more, its name stays taken. Raises InUse."""
    with taking(kind, key) as row:
        if row is not None and row.archived_at is None:
            row.archived_at = timezone.now()
            row.save(update_fields=["archived_at"])
            audit.record(f"{kind}.archived", kind, str(row.pk))


@transaction.atomic
def restore(kind: str, key: str) -> None:
    """Back into use."""
    known = KINDS.get(kind)
    row = known.rows([key]).select_for_update(of=("self",)).first() if known else None
    if row is not None and row.archived_at is not None:
        row.archived_at = None
        row.save(update_fields=["archived_at"])
        audit.record(f"{kind}.restored", kind, str(row.pk))


def delete(kind: str, key: str) -> None:
    """For good: only what nobody uses, drafts and what was sent included. Raises InUse."""
    with taking(kind, key, for_good=True) as row:
        if row is not None:
            audit.record(f"{kind}.deleted", kind, str(row.pk))
            row.delete()
