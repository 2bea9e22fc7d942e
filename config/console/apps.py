"""The console's own app, and the admin on our site."""

from django.apps import AppConfig
from django.contrib import admin
from django.contrib.admin import sites
from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AppConfig):
    """Templates, tags and pages of the shell; no models."""

    name = "config.console"
    label = "console"
    verbose_name = "Console"

    def ready(self) -> None:
        """Sign in what the audit trail is told of second factors."""
        from config.console.signing_in import told  # noqa: F401, PLC0415


class ConsoleAdminConfig(AdminConfig):
    """Django's admin, whose `admin.site` is the console."""

    default_site = "config.console.shell.site.ConsoleSite"

    def ready(self) -> None:
        """Take `admin.site` back: Unfold's default app has put a plain site of its own there."""
        admin.site = sites.site = sites.DefaultAdminSite()  # type: ignore[assignment]
        super().ready()
