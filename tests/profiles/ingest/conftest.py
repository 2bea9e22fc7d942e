"""Sources and a client for ingest tests."""

import base64
import json
from importlib import import_module

import pytest
from django.db import connections
from django.test import Client

from config.workspace.digests import key_digest
from config.workspace.selectors import forget_workspace
from profiles.ingest import keys, processor
from profiles.models import Source


@pytest.fixture(autouse=True)
def _forget_kept():
    """What processes keep for seconds must not outlive a test."""
    keys._known.clear()
    forget_workspace()
    yield
    forget_workspace()


def make_source(name="shop", kind="server", key="", **more):
    key = key or f"key-{name}"
    return Source.objects.create(
        name=name, kind=kind, write_key_digest=key_digest(key), write_key_hint=key[:8], **more
    )


FILLED = (
    "event event_item event_state profile_trait trait_history identifier identifier_link"
    " identifier_key merge merge_pending alias_pending inbox rejection"
    " refusal_count message_claim profile_change data_warning profile source"
)


@pytest.fixture
def committed(db):
    """Real commits, for tests with several connections; what ingest wrote is taken away after.

    Not the transactional tests of pytest-django: their flush takes what migrations wrote too. So
    the test's own transaction stays aside, and a fresh connection takes its place.
    """
    aside = connections["default"]
    fresh = connections["default"] = aside.copy()
    try:
        yield
    finally:
        with fresh.owner(), fresh.cursor() as cursor:
            for table in FILLED.split():
                cursor.execute(f"DELETE FROM {table}")
            cursor.execute("DELETE FROM event_definition WHERE name <> ALL(%s)", [_defined()])
            cursor.execute(
                "UPDATE event_definition SET schema = '{}', first_seen = NULL, last_seen = NULL"
            )
        fresh.close()
        connections["default"] = aside


def _defined():
    migration = import_module("profiles.migrations.0003_event_definitions")
    return [*migration.CATEGORY, *migration.CONVERSIONS]


@pytest.fixture
def source(db):
    return make_source()


@pytest.fixture
def browser_source(db):
    return make_source("site", "browser")


class Caller:
    """Calls the ingest API as an SDK does."""

    def __init__(self, key="key-shop"):
        self.client, self.key = Client(), key

    def post(self, path, body, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        basic = base64.b64encode(f"{self.key}:".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", **headers}
        return self.client.generic(
            "POST", path, data, content_type="application/json", headers=headers
        )

    def batch(self, *items, **top):
        return self.post("/v1/batch", {"batch": list(items), **top})


@pytest.fixture
def call(source):
    return Caller()


@pytest.fixture
def browser_call(browser_source):
    return Caller("key-site")


def work_off():
    """Everything in the inbox, merges included."""
    while processor.work():
        pass


def track(event="Seen", user="u1", **more):
    return {"type": "track", "event": event, "userId": user, **more}


def identify(user="u1", at=None, **traits):
    return {"type": "identify", "userId": user, "traits": traits, "timestamp": at}
