"""Consent and privacy."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConsentConfig(AppConfig):
    """Purposes, permissions, suppression."""

    name = "consent"
    verbose_name = _("Privacy")

    def ready(self) -> None:
        """Sign in at the registries of the lower apps."""
        from consent import registration  # noqa: F401, PLC0415
