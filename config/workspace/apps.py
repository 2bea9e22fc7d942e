"""The ground floor's app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkspaceConfig(AppConfig):
    """Workspace, users, keys, audit, jobs."""

    name = "config.workspace"
    label = "workspace"
    verbose_name = _("Settings")

    def ready(self) -> None:
        """Sign in the audit trail's seals, the calls of webhooks, and what takes old rows away."""
        from config.workspace.access import seen, sign_in  # noqa: F401, PLC0415
        from config.workspace.joining import asking  # noqa: F401, PLC0415
        from config.workspace.outgoing import registration  # noqa: F401, PLC0415
        from config.workspace.trail import sealing, stamping  # noqa: F401, PLC0415
        from config.workspace.work import pruning  # noqa: F401, PLC0415
