"""A character that no text of the database can hold reaches no view."""

import pytest
from django.test import Client

from config.workspace.models import Role
from tests.cast import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> Client:
    client = Client()
    client.force_login(make_user(Role.ADMIN), backend="config.workspace.permissions.RoleBackend")
    return client


def test_nul_in_an_address_finds_nothing_and_in_a_form_is_refused(boss):
    assert boss.get("/console/people/?segment=%00").status_code == 200
    assert boss.get("/console/people/?%00=x&q=%00").status_code == 200
    assert boss.get("/console/segments/a%00b/").status_code == 404
    assert boss.get("/api/profiles/?search=%00").status_code == 400
    assert boss.post("/console/segments/-/effect/", {"rule": "{}", "slug": "\0"}).status_code == 400


def test_a_form_where_json_is_read_is_a_bad_request(boss):
    answer = boss.post("/console/segments/-/save/", {"name": "x"})  # multipart
    assert answer.status_code == 400
    assert "cannot be read" in answer.content.decode()
