"""The kinds of condition, a file each; a new one is found by itself."""

from importlib import import_module
from pkgutil import iter_modules


def sign_in() -> None:
    """Import each of them, so that it registers."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
