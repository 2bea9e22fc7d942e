"""Webhooks on screens and over REST."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Signs in where the audit trail leads to a webhook."""

    name = "config.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        """Fill the registries of the ground floor."""
        from config.webhooks import trail  # noqa: F401, PLC0415
