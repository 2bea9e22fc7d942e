"""The ingest fixtures serve here too."""

from tests.profiles.ingest.conftest import (  # noqa: F401
    _forget_kept,
    browser_call,
    browser_source,
    call,
    source,
)
