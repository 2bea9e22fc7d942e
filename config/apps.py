"""The project itself as an app: its commands, and Celery's application in every process."""

from django.apps import AppConfig


class RapportConfig(AppConfig):
    """Makes `celery.current_app` ours, so that a wake-up goes to the right broker."""

    name = "config"

    def ready(self) -> None:
        """Imported for its effect."""
        from config import celery, checks, errors  # noqa: F401, PLC0415
