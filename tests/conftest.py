"""Fixtures for every test. The database role is the backend's affair: tests run as rapport_app."""

import os

import pytest
from django.conf import settings

from config.postgres import server


def pytest_configure(config: pytest.Config) -> None:
    """Start the test server once, before the workers of xdist all ask for it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings_test")
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        server.ensure_running(settings.VAR_DIR, settings.EMBEDDED_POSTGRES_OPTIONS)
