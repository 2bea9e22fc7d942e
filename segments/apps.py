"""Segments: the rule language and membership."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SegmentsConfig(AppConfig):
    """Rules, segments, memberships."""

    name = "segments"
    verbose_name = _("Audiences")

    def ready(self) -> None:
        """Sign in at the registries of the lower apps."""
        from segments import registration  # noqa: F401, PLC0415
