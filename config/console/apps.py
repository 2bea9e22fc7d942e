"""The console's own app, and the admin on our site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AppConfig):
    """Templates, tags and pages of the shell; no models."""

    name = "config.console"
    label = "console"
    verbose_name = "Console"

    def ready(self) -> None:
        """Sign in the finders of the command palette."""
        from config.console import finders  # noqa: F401


class ConsoleAdminConfig(AdminConfig):
    """Django's admin, whose `admin.site` is the console."""

    default_site = "config.console.site.ConsoleSite"
