"""Home, on top of all apps."""

from django.apps import AppConfig


class HomeConfig(AppConfig):
    """Signs its pages and finders in at the shell."""

    name = "config.home"
    label = "home"

    def ready(self) -> None:
        """Fill the shell's registries."""
        from config.home import finders, views  # noqa: F401, PLC0415
