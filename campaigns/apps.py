"""Campaigns, the gate, delivery and tracking."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    """Senders, campaigns, messages."""

    name = "campaigns"
    verbose_name = _("Engage")

    def ready(self) -> None:
        """Sign in at the registries of the lower apps."""
        # channels first: the API describes what each is written in
        for name in ("campaigns.delivery.worker", "campaigns.registration"):
            import_module(name)
