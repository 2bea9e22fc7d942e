"""Signs in among the password validators to say in the audit trail that one was changed."""

from typing import Any

from django.utils import timezone

from config.workspace import audit
from config.workspace.models import AccessLink


class RecordChange:
    """Refuses nothing. Django calls it by whatever way a password is set: form, team, shell."""

    def validate(self, password: str, user: Any = None) -> None:
        """Any will do."""

    def get_help_text(self) -> str:
        """Nothing to say."""
        return ""

    def password_changed(self, password: str, user: Any = None) -> None:
        """Called when the user was saved with it; a new one is recorded as such elsewhere."""
        if user is not None and user.pk and not getattr(user, "is_new", False):
            audit.record("password.changed", "user", str(user.pk))
            # a link to another new one, asked for before, may be in wrong hands
            rows = AccessLink.objects.filter(kind="reset", user=user, used_at=None)
            rows.filter(revoked_at=None).update(revoked_at=timezone.now())
