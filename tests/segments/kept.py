"""Tests that commit empty all tables at their end: fixtures that put the migrated rows back."""

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
    """The rows as text; put back after the module's last test."""
    with django_db_blocker.unblock():
        models = [model for app in OUR_APPS for model in apps.get_app_config(app).get_models()]
        every = [row for model in models for row in model._base_manager.all()]
        rows = serializers.serialize("json", every)
    yield rows
    with django_db_blocker.unblock():
        put_back(rows)
        connection.close()


@pytest.fixture
def committed(migrated: str, transactional_db: None) -> None:
    """A database in which this test commits."""
    put_back(migrated)
    forget_workspace()


def put_back(rows: str) -> None:
    if not Workspace.objects.exists():
        for row in serializers.deserialize("json", rows):
            row.save()
