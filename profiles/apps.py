"""Collect and unify."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProfilesConfig(AppConfig):
    """Sources, the inbox, identities, events, people."""

    name = "profiles"
    verbose_name = _("Customers")

    def ready(self) -> None:
        """Sign in at the registries of the ground floor."""
        from profiles import registration  # noqa: F401, PLC0415
