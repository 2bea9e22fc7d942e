"""What goes by a name or slug that something else has is 409, wherever it is made or renamed."""

import pytest

from tests.api.world import RULE, client, make_world

pytestmark = pytest.mark.django_db
MADE = {
    "/api/segments/": ("slug", {"slug": "one", "name": "One", "rule": RULE}),
    "/api/campaigns/": ("slug", {"slug": "one", "name": "One", "entry": {}, "steps": []}),
    "/api/purposes/": ("slug", {"slug": "one", "name": "One", "purpose_class": "marketing"}),
    "/api/sources/": ("name", {"name": "One", "kind": "server"}),
    "/api/senders/": ("address", {"name": "One", "address": "one@shop.example"}),
    "/api/api-keys/": ("name", {"name": "One", "scopes": ["segments.view"]}),
}


@pytest.fixture
def api():
    return client(make_world().key)


@pytest.mark.parametrize("address", MADE)
def test_a_second_one_of_a_name_is_a_conflict(api, address):
    field, body = MADE[address]
    first = api.post(address, body, format="json")
    assert first.status_code == 201, first.content
    second = api.post(address, body, format="json")
    said = second.json()
    assert (second.status_code, said["title"]) == (409, "Conflict"), said
    assert [(one["pointer"], one["code"]) for one in said["errors"]] == [(f"#/{field}", "unique")]
