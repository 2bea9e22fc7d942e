"""The project itself as an app: its commands, and Celery's application in every process."""

from django.apps import AppConfig


class RapportConfig(AppConfig):
    """Makes `celery.current_app` ours, so that a wake-up goes to the right broker."""

    name = "config"

    def ready(self) -> None:
        """Imported for its effect."""
        from config import celery  # noqa: F401, PLC0415
        from config.answers import errors  # noqa: F401, PLC0415
        from config.running import checks  # noqa: F401, PLC0415
