"""What the migrations wrote, kept over tests that empty all tables (those with a live server)."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.core import serializers
from django.db import connection

from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace

OUR_APPS = ("workspace", "profiles", "consent", "segments", "campaigns")


@pytest.fixture(scope="module")
def migrated(django_db_setup, django_db_blocker) -> Iterator[str]:
    """The rows as JSON; put back at the end."""
    with django_db_blocker.unblock():
        models = [model for app in OUR_APPS for model in apps.get_app_config(app).get_models()]
        rows = [row for model in models for row in model._base_manager.all()]
        kept = serializers.serialize("json", rows)
    yield kept
    with django_db_blocker.unblock():
        put_back(kept)
        connection.close()


@pytest.fixture
def whole_database(migrated: str, transactional_db: None) -> None:
    """A database as migrated, really committed."""
    put_back(migrated)
    forget_workspace()


def put_back(kept: str) -> None:
    """Write the rows where a test has emptied the tables."""
    if not Workspace.objects.exists():
        for row in serializers.deserialize("json", kept):
            row.save()
