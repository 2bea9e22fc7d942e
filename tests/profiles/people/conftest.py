"""The ingest fixtures serve here too."""

from tests.profiles.ingest.conftest import _forget_kept, call, source  # noqa: F401
