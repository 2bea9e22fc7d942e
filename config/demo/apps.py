"""The demo shop as an app: nothing of it shows before `manage.py demo` has run."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Cairnway Outdoor: made-up data, its shop, the story card; no models."""

    name = "config.demo"
    label = "demo"
    verbose_name = "Demo"

    def ready(self) -> None:
        """Sign in the unit of work that fills gaps and makes light traffic."""
        from config.demo import traffic  # noqa: F401, PLC0415
