"""Roles on screens: made from another one, ticked, changed, given up."""

import pytest
from django.test import Client

from config.team.forms import RoleForm, shown_in
from config.team.words import GROUPS, KINDS, MORE, VIEWS, groups_of, sight_in_words, view_of
from config.workspace.freshness import SECONDS, SHOWN_AT
from config.workspace.models import CustomRole, Role
from config.workspace.permissions import PERMISSIONS, SEES_ALL, rights_of_role
from config.workspace.roles.sight import DataKind, Level, RoleSight
from config.workspace.team.changing import RoleDraft, create_role
from tests.cast import make_user

pytestmark = pytest.mark.django_db
KINDS_AS_THEY_ARE = {f"kind_{kind}": "masked" for kind in DataKind}
BODY = {"name": "Helpers", "permissions": ["people.view", "segments.view"], "view": "names"}


@pytest.fixture
def boss():
    return make_user(Role.ADMIN)


@pytest.fixture
def client(boss) -> Client:
    """An admin who has just shown their password."""
    client = Client()
    client.force_login(boss)
    return client


def test_each_permission_and_each_kind_of_data_is_on_the_form():
    told = [name for _title, names in groups_of(set()) for name, *_rest in names]
    assert sorted([*told, SEES_ALL]) == sorted(PERMISSIONS)
    assert set(MORE) == set(told) and set(KINDS) == set(DataKind) and GROUPS


def test_a_role_is_made_from_another_shown_changed_and_deleted(client, boss):
    page = client.get("/console/team/roles/new/?from=analyst").content.decode()
    assert 'value="segments.edit" checked' in page and "Analyst (copy)" in page
    answer = client.post("/console/team/roles/new/", BODY)
    assert answer.status_code == 302, answer.content.decode()
    row = CustomRole.objects.get()
    assert (row.key, row.permissions) == ("helpers", ["people.view", "segments.view"])
    assert row.sight["kinds"] == {"name": "shown", "guarded": "hidden"}
    make_user(row.key, first_name="<b>Ada</b>")
    page = client.get("/console/team/roles/helpers/").content.decode()
    assert "Names, and no addresses" in page and "&lt;b&gt;Ada" in page
    assert "Helpers" in client.get("/console/team/roles/").content.decode()
    own = BODY | KINDS_AS_THEY_ARE | {"view": "own", "kind_email": "shown", "revision": "1"}
    own |= {"fields_by_name": "trait:plan = hidden\ncat=shown\n"}
    there = "/console/team/roles/helpers/edit/"
    assert client.post(there, own).status_code == 302
    row.refresh_from_db()
    assert row.sight["fields"] == {"trait:plan": "hidden", "trait:cat": "shown"}
    assert client.post(there, own).status_code == 409, "from an older page"
    wrong = client.post(there, own | {"revision": "2", "fields_by_name": "plan"})
    assert (wrong.status_code, "“plan” is not" in wrong.content.decode()) == (422, True)
    missing = BODY | {"revision": "2", "permissions": ["segments.edit"]}
    said = client.post(there, missing).content.decode()
    assert "“Make and change segments” needs “See segments” as well." in said
    whole = BODY | {"revision": "2", "view": "whole"}
    assert client.post(there, whole).status_code == 302
    row.refresh_from_db()
    assert SEES_ALL in row.permissions and row.sight["kinds"] == {}
    gone = "/console/team/roles/helpers/delete/"
    client.post(gone)
    assert CustomRole.objects.exists(), "somebody has it"
    client.post(gone, {"move_to": "analyst"})
    assert not CustomRole.objects.exists()


def test_what_matters_is_asked_again(boss):
    client = Client()
    client.force_login(boss)
    session = client.session
    session[SHOWN_AT] -= SECONDS
    session.save()
    client.post("/console/team/roles/new/", BODY)
    assert not CustomRole.objects.exists()


def test_who_may_less_is_shown_what_is_above_them_and_changes_none_of_it(client, boss):
    above = create_role(RoleDraft("Above", permissions=["people.view", "people.edit"]), by=boss)
    own = create_role(RoleDraft("Own", permissions=["people.view", "team.edit"]), by=boss)
    boss.role = own.key
    boss.save()
    make_user(Role.ADMIN)
    page = client.get(f"/console/team/roles/{above.key}/").content.decode()
    assert "an admin can change it" in page and "/edit/" not in page
    client.post(f"/console/team/roles/{above.key}/edit/", BODY | {"revision": "1"})
    client.post(f"/console/team/roles/{above.key}/delete/")
    above.refresh_from_db()
    assert above.name == "Above"
    answer = client.post("/console/team/roles/new/", BODY)
    assert answer.status_code == 422
    assert "You may not do this yourself" in answer.content.decode()
    keys = client.get("/console/workspace/apikey/add/").content.decode()
    assert 'value="team.edit"' in keys and 'value="all"' not in keys
    members = client.get("/console/workspace/user/add/").content.decode()
    assert '<option value="own"' in members and '<option value="admin"' not in members


def test_the_demo_and_the_foot_call_a_made_role_by_its_name(client, boss):
    row = create_role(RoleDraft("Ward ☂", permissions=sorted(PERMISSIONS)), by=boss)
    boss.role = row.key
    boss.is_superuser = False
    boss.save()
    assert "<small>Ward ☂</small>" in client.get("/console/team/").content.decode()


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_that_is_ready_made_is_known_again(view):
    assert view_of(VIEWS[view][2]) == view
    form = RoleForm(BODY | {"view": view, "fields_by_name": "plan = hidden"})
    assert form.is_valid(), form.errors
    assert (SEES_ALL in form.draft().permissions) is (view == "whole")


def test_a_view_of_ones_own_is_said_in_words(boss):
    sight = {"kinds": {"email": "shown", "phone": "hidden"}, "fields": {"trait:My Plan": "hidden"}}
    row = create_role(RoleDraft("A", permissions=["people.view"], sight=sight), by=boss)
    said = sight_in_words(rights_of_role(row.key))
    assert said == "Shown: Email addresses. Hidden: Phone numbers, 1 field by name."
    assert shown_in(row.key)["kind_email"] == "shown"
    assert view_of(RoleSight(kinds={DataKind.TEXT: Level.HIDDEN})) == "own"
    none = create_role(RoleDraft("B", permissions=["segments.view"]), by=boss)
    assert sight_in_words(rights_of_role(none.key)) == "No people"
