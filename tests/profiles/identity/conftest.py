"""The ingest fixtures serve here too."""

from tests.profiles.api.conftest import api, masked  # noqa: F401
from tests.profiles.ingest.conftest import (  # noqa: F401
    _forget_kept,
    browser_call,
    browser_source,
    call,
    committed,
    source,
)
from tests.profiles.views.conftest import admin, analyst  # noqa: F401
