"""The doing of channels: a folder each, found by itself. Delivery alone hands over to them.

What is known of a channel, whether anything sends on it or not, is in `consent.channels`.
"""

from importlib import import_module
from pkgutil import iter_modules

for _found in iter_modules(__path__):
    if _found.ispkg:
        import_module(f"{__name__}.{_found.name}.channel")
