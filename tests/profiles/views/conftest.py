"""Those who look: an admin, an analyst (sees nothing personal), nobody."""

import pytest
from django.test import Client

from config.workspace.models import Role
from tests.cast import make_user


def signed_in(role: str) -> Client:
    """A browser with a session of this role."""
    client = Client()
    client.force_login(make_user(role), backend="config.workspace.permissions.RoleBackend")
    return client


@pytest.fixture
def admin(db) -> Client:
    """May do everything."""
    return signed_in(Role.ADMIN)


@pytest.fixture
def analyst(db) -> Client:
    """Sees people masked."""
    return signed_in(Role.ANALYST)
