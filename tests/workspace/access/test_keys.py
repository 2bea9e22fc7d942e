"""API keys: renewed while the value before works on, expiring, and told of on Home before."""

import io
import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from config.workspace.access.keys import create_api_key, rotate_api_key
from config.workspace.models import ApiKey, AuditEntry, Role
from tests.cast import make_user

pytestmark = pytest.mark.django_db


def status(value):
    return Client().get("/api/segments/", headers={"Authorization": f"Bearer {value}"}).status_code


@pytest.fixture
def made():
    return create_api_key(
        name="till", scopes=["segments"], expires_at=timezone.now() + timedelta(days=10)
    )


def test_a_renewed_key_works_beside_the_one_before_for_as_long_as_was_chosen(made, client):
    key, first = made
    client.force_login(make_user(Role.ADMIN, "ada"))
    page = client.post(f"/console/workspace/apikey/{key.pk}/renew/", {"hours": "24"})
    second = re.search(r"rk_[\w-]{40,}", page.content.decode())[0]
    assert [status(one) for one in (first, second)] == [200, 200]
    key.refresh_from_db()
    assert timedelta(days=9) < key.expires_at - timezone.now() <= timedelta(days=10)
    third = rotate_api_key(key=key, keep=timedelta(hours=1))
    assert [status(one) for one in (first, second, third)] == [401, 200, 200]
    ApiKey.objects.update(previous_until=timezone.now())
    assert [status(one) for one in (second, third)] == [401, 200]
    fourth = rotate_api_key(key=key, keep=timedelta(0))
    assert [status(one) for one in (third, fourth)] == [401, 200]
    ApiKey.objects.update(revoked_at=timezone.now())
    assert status(fourth) == 401
    with pytest.raises(ValueError, match="revoked"):
        rotate_api_key(key=key, keep=timedelta(0))
    assert client.get(f"/console/workspace/apikey/{key.pk}/renew/").status_code == 404
    told = AuditEntry.objects.filter(action="api_key.rotated").order_by("id")
    assert [one.detail["hours"] for one in told] == [24, 1, 0]
    assert client.post("/console/language/", {"language": "en"}).status_code == 302


def test_a_key_ends_at_its_time_in_both_values_and_home_says_so_before(made, client):
    key, first = made
    second = rotate_api_key(key=key, keep=timedelta(days=30))
    client.force_login(make_user(Role.ADMIN, "ada"))
    assert "The API key till expires" in client.get("/console/").content.decode()
    ApiKey.objects.update(expires_at=timezone.now())
    assert [status(one) for one in (first, second)] == [401, 401]
    analyst = Client()
    analyst.force_login(make_user(Role.ANALYST, "mei"))
    assert "till expires" not in analyst.get("/console/").content.decode()
    over = {
        "name": "x",
        "scopes": "segments",
        "expires_at": "2020-01-01T00:00",
    }
    page = client.post("/console/workspace/apikey/add/", over)
    assert "This time is over already" in page.content.decode()


def test_keys_are_made_and_renewed_on_the_command_line(made):
    out = io.StringIO()
    call_command("apikey", "create", "robot", "--scope", "segments", "--days", "30", stdout=out)
    first = out.getvalue().strip()
    assert ApiKey.objects.get(name="robot").expires_at > timezone.now() + timedelta(days=29)
    call_command("apikey", "rotate", "robot", "--keep-hours", "0", stdout=out)
    assert [status(one) for one in (first, out.getvalue().split()[-1])] == [401, 200]
    with pytest.raises(CommandError, match="no API key named"):
        call_command("apikey", "rotate", "nobody")
