"""Campaigns, the gate, delivery and tracking."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    """Senders, campaigns, messages."""

    name = "campaigns"
    verbose_name = _("Engage")

    def ready(self) -> None:
        """Sign in at the registries of the lower apps."""
        from campaigns import registration  # noqa: F401, PLC0415
