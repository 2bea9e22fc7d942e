"""Roles, members, invitations and keys over REST: as in the console, and no more than one may."""

import pytest
from rest_framework.test import APIClient

from config.workspace.access.keys import create_api_key
from config.workspace.models import AccessLink, ApiKey, AuditEntry, CustomRole, Role, User
from config.workspace.permissions import PERMISSIONS
from config.workspace.team.changing import RoleDraft, create_role
from tests.cast import make_user

pytestmark = pytest.mark.django_db
ROLE = {
    "name": "Store helpers",
    "description": "At the till",
    "permissions": ["people.view", "consents.view"],
    "sight": {"kinds": {"name": "shown", "guarded": "hidden"}, "fields": {"trait:plan": "hidden"}},
}


def api(*scopes: str) -> APIClient:
    client = APIClient()
    value = create_api_key(name="-".join(scopes), scopes=list(scopes))[1]
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {value}")
    return client


@pytest.fixture
def boss() -> User:
    return make_user(Role.ADMIN)


def test_a_role_is_made_listed_changed_and_taken_away(boss):
    client = api("all")
    made = client.post("/api/roles/", ROLE, format="json")
    assert made.status_code == 201, made.json()
    assert made.json() == ROLE | {
        "key": "store-helpers",
        "built_in": False,
        "members": 0,
        "revision": 1,
        "sight": ROLE["sight"] | {"everything": False},
    }
    listed = client.get("/api/roles/").json()["results"]
    assert [one["key"] for one in listed] == [*Role.values, "store-helpers"]
    admin = listed[-2]
    assert admin["permissions"] == list(PERMISSIONS) and admin["sight"]["everything"]
    changed = client.patch(
        "/api/roles/store-helpers/", {"permissions": ["people.view"], "revision": 1}, format="json"
    )
    assert changed.json()["permissions"] == ["people.view"]
    assert changed.json()["sight"] == made.json()["sight"]
    stale = client.patch(
        "/api/roles/store-helpers/", {"description": "x", "revision": 1}, format="json"
    )
    assert (stale.status_code, stale.json()["revision"]) == (409, 2)
    helper = make_user("store-helpers")
    assert client.get("/api/roles/store-helpers/").json()["members"] == 1
    assert client.delete("/api/roles/store-helpers/").status_code == 409
    assert client.delete("/api/roles/store-helpers/?move_to=nobody").status_code == 400
    assert client.delete("/api/roles/store-helpers/?move_to=analyst").status_code == 204
    helper.refresh_from_db()
    assert helper.role == Role.ANALYST
    assert client.get("/api/roles/store-helpers/").status_code == 404
    actors = AuditEntry.objects.filter(action__startswith="role.").values_list("actor_name")
    assert set(actors) == {("all",)}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "A", "permissions": ["people.fly"]}, "permissions.0"),
        ({"name": "A", "permissions": ["segments.edit"]}, "permissions"),
        ({"name": "Admin", "permissions": ["people.view"]}, "name"),
        ({"permissions": ["people.view"]}, "name"),
        ({"name": "A", "permissions": ["people.view"], "colour": "red"}, "colour"),
        ({"name": "A", "permissions": ["people.view"], "sight": {"kinds": {"soul": "shown"}}},
         "sight.kinds.soul"),
        ({"name": "A", "permissions": ["people.view"], "sight": {"kinds": {"email": "seen"}}},
         "sight.kinds.email"),
        ({"name": "A", "permissions": ["people.view"], "sight": {"fields": {"plan": "shown"}}},
         "sight.fields.plan"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(boss, body, path):
    answer = api("all").post("/api/roles/", body, format="json")
    assert answer.status_code == 400
    assert [one["path"] for one in answer.json()["errors"]] == [path]
    assert not CustomRole.objects.exists()


def test_built_in_roles_can_be_read_and_not_changed(boss):
    client = api("all")
    assert client.get("/api/roles/analyst/").json()["built_in"] is True
    assert client.patch("/api/roles/analyst/", {"name": "x"}, format="json").status_code == 409
    assert client.delete("/api/roles/analyst/").status_code == 409


def test_a_key_passes_on_no_more_than_its_scopes(boss):
    """Nor does a user by their session: the same rules."""
    client = api("team", "people.view")
    low = create_role(RoleDraft("Low", permissions=["people.view"]), by=boss)
    other = make_user(low.key)
    refused = [
        client.post("/api/roles/", ROLE, format="json"),
        client.patch("/api/roles/low/", {"permissions": list(PERMISSIONS)}, format="json"),
        client.patch(f"/api/members/{other.pk}/", {"role": "admin"}, format="json"),
        client.patch(f"/api/members/{boss.pk}/", {"role": "low"}, format="json"),
        client.post("/api/invitations/", {"email": "a@b.co", "role": "admin"}, format="json"),
        client.post("/api/api-keys/", {"name": "a", "scopes": ["all"]}, format="json"),
        client.post(f"/api/api-keys/{_large().pk}/rotate/", {}, format="json"),
    ]
    assert [answer.status_code for answer in refused] == [400, 400, 403, 403, 409, 403, 403]
    assert User.objects.get(pk=boss.pk).role == Role.ADMIN
    assert not AccessLink.objects.exists()
    made = client.post("/api/api-keys/", {"name": "b", "scopes": ["people.view"]}, format="json")
    assert made.status_code == 201
    without = api("settings", "people", "audit")
    for path in ("roles", "members", "invitations", "api-keys"):
        assert without.get(f"/api/{path}/").status_code == 403, path


def _large() -> ApiKey:
    return create_api_key(name="large", scopes=["all"])[0]


def test_members_are_listed_given_a_role_and_switched_off(boss):
    client, other = api("all"), make_user(Role.MARKETER, first_name="Ines")
    rows = client.get("/api/members/").json()["results"]
    assert {row["id"] for row in rows} == {boss.pk, other.pk}
    assert client.get("/api/members/?role=marketer").json()["results"][0]["name"] == "Ines"
    assert client.get("/api/members/?active=maybe").status_code == 400
    there = f"/api/members/{other.pk}/"
    answer = client.patch(there, {"role": "analyst", "active": False}, format="json").json()
    assert (answer["role"], answer["role_name"], answer["active"]) == ("analyst", "Analyst", False)
    assert client.get("/api/members/?active=false").json()["results"][0]["id"] == other.pk
    assert client.patch(there, {"role": "nobody"}, format="json").status_code == 400
    assert client.patch(there, {"is_superuser": True}, format="json").status_code == 400
    last = client.patch(f"/api/members/{boss.pk}/", {"active": False}, format="json")
    assert (last.status_code, "last admin" in last.json()["detail"]) == (409, True)
    assert client.get("/api/members/999999/").status_code == 404
    entry = AuditEntry.objects.get(action="user.changed")
    assert entry.detail == {"former": "marketer", "role": "analyst"}
    assert entry.fields == ["is_active", "role"]


def test_somebody_is_invited_again_and_not_after_all(boss, settings):
    settings.EMAIL_URL = ""
    client = api("all")
    body = {"email": "new@example.com", "role": "analyst"}
    made = client.post("/api/invitations/", body, format="json")
    assert made.status_code == 201, made.json()
    assert (made.json()["state"], made.json()["invited_by"]) == ("open", "all")
    assert client.post("/api/invitations/", body, format="json").status_code == 409
    there = f"/api/invitations/{made.json()['id']}/"
    again = client.post(f"{there}resend/")
    assert again.status_code == 200
    assert made.json()["link"] != again.json()["link"], "no mail leaves: it is handed on"
    assert client.delete(there).status_code == 204
    assert client.get(there).json()["state"] == "withdrawn"
    assert client.post(f"{there}resend/").status_code == 409
    wrong = client.post("/api/invitations/", body | {"role": "nobody"}, format="json")
    assert wrong.json()["errors"][0]["path"] == "role"


def test_a_key_is_shown_once_renewed_and_revoked(boss):
    client = api("all")
    create_role(RoleDraft("Names", permissions=["people.view"], sight=ROLE["sight"]), by=boss)
    body = {"name": "till", "scopes": ["people.view", "team"], "sight_role": "names"}
    made = client.post("/api/api-keys/", body, format="json").json()
    assert (made["sight_role"], made["scopes"]) == ("names", ["people.view", "team"])
    there = f"/api/api-keys/{made['id']}/"
    assert "key" not in client.get(there).json()
    first = made["key"]
    second = client.post(f"{there}rotate/", {"overlap_hours": 0}, format="json").json()["key"]
    for value, status in ((first, 401), (second, 200)):
        one = APIClient()
        one.credentials(HTTP_AUTHORIZATION=f"Bearer {value}")
        assert one.get("/api/members/").status_code == status
    assert one.delete(there).status_code == 409, "not by itself"
    assert client.delete(there).status_code == 204
    assert one.get("/api/members/").status_code == 401
    assert client.post(f"{there}rotate/", {}, format="json").status_code == 409
    taken = client.post("/api/api-keys/", body, format="json")
    assert (taken.status_code, taken.json()["errors"][0]["path"]) == (409, "name")
    for wrong in ({"scopes": ["fly"]}, {"scopes": []}, {"sight_role": "nobody"},
                  {"expires_at": "2020-01-01T00:00:00Z"}):  # fmt: skip
        answer = client.post("/api/api-keys/", body | {"name": "n"} | wrong, format="json")
        assert answer.status_code == 400, wrong
    codes = AuditEntry.objects.filter(target_kind="api_key").values_list("action", flat=True)
    assert {"api_key.created", "api_key.rotated", "api_key.revoked"} == set(codes)
