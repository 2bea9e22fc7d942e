"""Callers of the API: with every right, and without personal data."""

import pytest
from rest_framework.test import APIClient

from config.workspace.access.keys import create_api_key


def caller(*scopes: str) -> APIClient:
    """A client with a fresh key of these scopes."""
    _key, value = create_api_key(name=f"key {'-'.join(scopes)}", scopes=list(scopes))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {value}")
    return client


@pytest.fixture
def api(db) -> APIClient:
    """May do everything."""
    return caller("all")


@pytest.fixture
def masked(db) -> APIClient:
    """Sees people, but nothing personal."""
    return caller("people.view", "events.view")
