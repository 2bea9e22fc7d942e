"""Purposes, topics and suppressions in the console: who may, and that services do the work."""

import pytest
from django.test import Client

from config.workspace.models import User
from consent.models import Purpose, Suppression

pytestmark = pytest.mark.django_db


def signed_in(role: str) -> Client:
    user = User.objects.create_user(role, f"{role}@shop.example", "secret words here", role=role)
    client = Client()
    client.force_login(user, backend="config.workspace.permissions.RoleBackend")
    return client


@pytest.mark.parametrize(
    ("role", "purposes", "suppressions"),
    [("privacy_officer", 200, 200), ("marketer", 200, 200), ("integrator", 403, 403)],
)
def test_who_may_look(role, purposes, suppressions):
    client = signed_in(role)
    assert client.get("/console/consent/purpose/").status_code == purposes
    assert client.get("/console/consent/suppression/").status_code == suppressions


def test_an_officer_suppresses_and_releases_an_address():
    client = signed_in("privacy_officer")
    assert client.get("/console/consent/suppression/add/").status_code == 200
    body = {"kind": "email", "value": "Bad@Example.com", "reason": "manual", "detail": ""}
    response = client.post("/console/consent/suppression/add/", body)
    assert response.status_code == 302
    row = Suppression.objects.get()
    assert (row.level, "bad@example" in row.hint) == ("marketing", False)
    assert client.get(f"/console/consent/suppression/{row.pk}/change/").status_code == 200
    response = client.post(f"/console/consent/suppression/{row.pk}/delete/", {"post": "yes"})
    assert response.status_code == 302
    assert not Suppression.objects.exists()


def test_a_marketer_may_not_change_a_purpose():
    purpose = Purpose.objects.get(slug="marketing")
    path = f"/console/consent/purpose/{purpose.pk}/change/"
    assert signed_in("marketer").post(path, {"name": "x"}).status_code == 403
    page = signed_in("privacy_officer").get(path)
    assert page.status_code == 200
    assert b'name="purpose_class"' not in page.content
