"""Roles that an admin makes: what they may, for whom, and from when on."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.console.signing_in import rules
from config.workspace.access.keys import ScopeAbove, create_api_key, rotate_api_key
from config.workspace.joining import links
from config.workspace.lifecycle.revisions import Stale
from config.workspace.models import ApiKey, AuditEntry, CustomRole, IdentityProvider, Role, User
from config.workspace.permissions import (
    PERMISSIONS,
    granted,
    may,
    may_give,
    rights_of_role,
    role_choices,
    role_in_words,
    roles_with,
)
from config.workspace.roles.callers import KeyUser
from config.workspace.roles.sight import MASKED, WHOLE, DataKind, Level, NotASight, RoleSight, read
from config.workspace.sso.deciding import take_role
from config.workspace.stored import change_setting
from config.workspace.team.changing import (
    NEEDS,
    CannotChangeRole,
    RoleDraft,
    change_role,
    create_role,
    delete_role,
)
from config.workspace.team.members import CannotChangeMember, change_member
from tests.cast import make_user
from tests.racing import at_the_same_moment

pytestmark = pytest.mark.django_db
VIEWS = {name for name in PERMISSIONS if name.endswith(".view")}


@pytest.fixture
def boss() -> User:
    return make_user(Role.ADMIN)


def made(by: object, name: str = "Helpers", *permissions: str, **sight: dict[str, str]):
    wanted = list(permissions or ("people.view", "team.edit"))
    return create_role(RoleDraft(name, permissions=wanted, sight=sight), by=by)


def test_a_made_role_is_a_role_like_any_other(boss):
    row = made(boss, "Tréble  helpers", "people.view", "segments.view")
    assert (row.key, row.permissions) == ("treble-helpers", ["people.view", "segments.view"])
    assert ("treble-helpers", "Tréble  helpers") in role_choices()
    assert role_in_words(row.key) in roles_with("segments.view")
    helper = make_user(row.key)
    assert may(helper, "people.view") and not may(helper, "people.edit")
    assert granted("nobody") == frozenset() and role_in_words("nobody") == "nobody"
    entry = AuditEntry.objects.get(action="role.created")
    assert entry.detail["added"] == ["people.view", "segments.view"]


def test_a_change_holds_from_the_very_next_request_on(boss, client: Client):
    row = made(boss, "Helpers", "people.view", "segments.view")
    client.force_login(make_user(row.key))
    assert client.get("/console/segments/").status_code == 200
    draft = RoleDraft("Helpers", permissions=["people.view"])
    row = change_role(row, draft, by=boss, revision=1)
    assert client.get("/console/segments/").status_code == 403
    assert AuditEntry.objects.get(action="role.changed").detail == {
        "name": "Helpers",
        "revision": 2,
        "taken": ["segments.view"],
    }
    with pytest.raises(Stale):
        change_role(row, draft, by=boss, revision=1)
    # another process changed it: nothing here was told
    CustomRole.objects.update(permissions=["segments.view"])
    assert client.get("/console/segments/").status_code == 200


def test_a_request_reads_the_roles_once_and_built_in_ones_cost_nothing(boss, client: Client):
    row = made(boss, "Helpers", *sorted(PERMISSIONS))
    for user, times in ((make_user(row.key), 1), (boss, 0)):
        client.force_login(user)
        client.get("/console/people/")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get("/console/people/").status_code == 200
        assert sum("custom_role" in one["sql"] for one in asked.captured_queries) == times


@pytest.mark.parametrize(
    ("draft", "path"),
    [
        (RoleDraft(" ", permissions=["people.view"]), "name"),
        (RoleDraft("admin", permissions=["people.view"]), "name"),
        (RoleDraft("HELPERS", permissions=["people.view"]), "name"),
        (RoleDraft("x" * 61, permissions=["people.view"]), "name"),
        (RoleDraft("A", "x" * 301, permissions=["people.view"]), "description"),
        (RoleDraft("A"), "permissions"),
        (RoleDraft("A", permissions=["people.fly"]), "permissions"),
        (RoleDraft("A", permissions=["segments.edit"]), "permissions"),
        (RoleDraft("A", permissions=["people.view"], sight={"kinds": {"soul": "shown"}}),
         "sight.kinds.soul"),
        (RoleDraft("A", permissions=["people.view"], sight={"fields": {"plan": "shown"}}),
         "sight.fields.plan"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_role_is_named(boss, draft, path):
    made(boss)
    with pytest.raises(CannotChangeRole) as refused:
        create_role(draft, by=boss)
    assert refused.value.path == path
    assert CustomRole.objects.count() == 1


def test_what_needs_another_permission_names_one_that_there_is():
    assert set(NEEDS) | set(NEEDS.values()) <= PERMISSIONS.keys()


def test_nobody_makes_changes_gives_or_takes_away_what_is_more_than_they_have(boss):
    helper = make_user(
        made(
            boss,
            "Helpers",
            "people.view",
            "team.edit",
        ).key
    )
    more = made(boss, "More", "people.view", "people.edit")
    seeing = made(boss, "Seeing", "people.view", kinds={"email": "shown"})
    mine = made(helper, "Mine", "people.view")
    assert (may_give(helper, mine.key), may_give(helper, more.key)) == (True, False)
    assert not may_give(helper, seeing.key) and not may_give(helper, Role.ANALYST)
    for draft in (
        RoleDraft("A", permissions=["people.view", "people.personal"]),
        RoleDraft("A", permissions=["people.view", "segments.view"]),
        RoleDraft("A", permissions=["people.view"], sight={"kinds": {"name": "shown"}}),
        RoleDraft("A", permissions=["people.view"], sight={"fields": {"trait:a": "shown"}}),
    ):
        with pytest.raises(CannotChangeRole):
            create_role(draft, by=helper)
        with pytest.raises(CannotChangeRole):
            change_role(mine, draft, by=helper)
    for row in (more, seeing):
        for act in (change_role, delete_role):
            with pytest.raises(CannotChangeRole):
                act(row, *([RoleDraft("B", permissions=["people.view"])] * (act is change_role)),
                    by=helper)  # fmt: skip
    with pytest.raises(CannotChangeMember):
        change_member(boss, by=helper, role=mine.key)
    other = make_user(mine.key)
    for role in (Role.ADMIN, more.key, seeing.key):
        with pytest.raises(CannotChangeMember):
            change_member(other, by=helper, role=role)
        with pytest.raises(links.CannotInvite):
            links.invite(email="new@example.com", role=role, by=helper)
    change_member(other, by=helper, is_active=False)
    assert not User.objects.get(pk=other.pk).is_active


def test_keys_of_the_api_pass_no_more_on_than_whoever_makes_them(boss):
    helper = make_user(made(boss).key)
    for scopes in (["all"], ["people"], ["segments.view"]):
        with pytest.raises(ScopeAbove):
            create_api_key(name=str(scopes), scopes=scopes, by=helper)
    key, _value = create_api_key(name="small", scopes=["people.view", "team"], by=helper)
    large, _value = create_api_key(name="large", scopes=["all"], by=boss)
    with pytest.raises(ScopeAbove):
        rotate_api_key(key=large, keep=timedelta(0), by=helper)
    caller = KeyUser(key)
    assert may_give(caller, made(boss, "Low", "people.view").key)
    assert not may_give(caller, Role.ADMIN)
    assert may_give(KeyUser(large), Role.ADMIN)


def test_who_decides_how_others_come_in_may_do_everything(boss):
    helper = make_user(made(boss).key)
    assert helper.has_perm("workspace.view_identityprovider")
    assert not helper.has_perm("workspace.change_identityprovider")
    assert boss.has_perm("workspace.add_identityprovider")


def test_a_role_goes_when_nobody_has_it_or_everybody_gets_another(boss):
    row, other = made(boss), made(boss, "Others", "people.view")
    people = [make_user(row.key), make_user(row.key, is_active=False)]
    link = links.invite(email="new@example.com", role=row.key, by=boss)
    provider = IdentityProvider.objects.create(
        slug="office", name="Office", issuer="x", mapping=[["all", row.key], ["few", "analyst"]],
        default_role=row.key,
    )  # fmt: skip
    for to in ("", "nobody", row.key):
        with pytest.raises(CannotChangeRole):
            delete_role(row, by=boss, move_to=to)
    key = ApiKey.objects.get(
        pk=create_api_key(name="k", scopes=["people.view"], sight_role=row.key)[0].pk
    )
    with pytest.raises(CannotChangeRole, match="k"):
        delete_role(row, by=boss, move_to=other.key)
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=key.created_at)
    assert delete_role(row, by=boss, move_to=other.key) == 2
    assert {one.role for one in User.objects.filter(pk__in=[p.pk for p in people])} == {other.key}
    link.refresh_from_db()
    provider.refresh_from_db()
    assert (link.role, provider.default_role) == (other.key, other.key)
    assert provider.mapping == [["all", other.key], ["few", "analyst"]]
    told = AuditEntry.objects.filter(action="user.changed").values_list("detail", flat=True)
    assert list(told) == [{"former": row.key, "role": other.key}] * 2
    entry = AuditEntry.objects.get(action="role.deleted")
    assert entry.detail == {"name": "Helpers", "moved_to": other.key, "members": 2}
    lone = made(boss, "Lone", "people.view")
    assert delete_role(lone, by=boss) == 0


def test_the_last_admin_stays_one_whoever_asks(boss):
    row = made(boss, "Nearly", *sorted(PERMISSIONS))
    near = make_user(row.key)
    for change in ({"role": row.key}, {"is_active": False}):
        with pytest.raises(CannotChangeMember) as refused:
            change_member(boss, by=near, **change)
        assert refused.value.is_last
    second = make_user(Role.ADMIN, is_superuser=True)
    changed = change_member(second, by=boss, role=row.key)
    assert (changed.role, changed.is_superuser) == (row.key, False)
    with pytest.raises(CannotChangeMember):
        change_member(second, by=boss, role="nobody")


def test_all_admins_at_once_are_not_deleted(boss, client: Client):
    other, ben = make_user(Role.ADMIN), make_user(Role.ANALYST)
    client.force_login(boss)
    form = {"action": "delete_selected", "post": "yes", "_selected_action": [boss.pk, other.pk]}
    assert client.post("/console/workspace/user/", form).status_code == 403
    assert User.objects.filter(role=Role.ADMIN).count() == 2
    form["_selected_action"] = [other.pk, ben.pk]
    client.post("/console/workspace/user/", form)
    assert list(User.objects.all()) == [boss]


def test_who_manages_a_part_of_the_team_touches_nobody_and_no_rule_above_it(boss, client: Client):
    helper = make_user(made(boss).key)
    client.force_login(helper)
    theirs = f"/console/workspace/user/{boss.pk}/sessions/end/"
    assert client.post(theirs).status_code == 403
    form = {"action": "end_sessions", "_selected_action": [boss.pk, helper.pk]}
    client.post("/console/workspace/user/", form)
    ended = User.objects.filter(sessions_ended__gt=0)
    assert list(ended) == [helper]
    client.force_login(User.objects.get(pk=helper.pk))
    assert client.get("/console/team/").context["rules_form"] is None
    change_setting(rules.SETTING, lambda _before: [Role.ANALYST])
    assert client.post("/console/team/rules/", {"roles": []}).status_code == 403
    assert rules.is_required(Role.ANALYST)
    client.force_login(boss)
    assert client.post("/console/team/rules/", {"roles": []}).status_code == 302
    assert not rules.is_required(Role.ANALYST)


def test_an_invitation_by_a_key_ends_with_the_key(boss):
    key, _value = create_api_key(name="hr", scopes=["team", "people.view"], by=boss)
    link = links.invite(email="new@example.com", role=made(boss, "Low", "people.view").key,
                        by=KeyUser(key))  # fmt: skip
    assert links.is_open(link)
    key.revoked_at = key.created_at
    link.created_by_key = key
    assert not links.is_open(link)


SOME = RoleSight(kinds={DataKind.EMAIL: Level.SHOWN, DataKind.PHONE: Level.HIDDEN})


@pytest.mark.parametrize(
    ("one", "other", "covers"),
    [
        (WHOLE, SOME, True),
        (SOME, WHOLE, False),
        (SOME, SOME, True),
        (SOME, MASKED, False),
        (MASKED, SOME, False),
        (MASKED, RoleSight(kinds={DataKind.PHONE: Level.HIDDEN}), True),
        (MASKED, RoleSight(fields={("trait", "a"): Level.SHOWN}), False),
        (MASKED, RoleSight(fields={("trait", "a"): Level.HIDDEN}), True),
        (RoleSight(fields={("trait", "a"): Level.HIDDEN}), MASKED, False),
        (RoleSight(fields={("trait", "a"): Level.HIDDEN}),
         RoleSight(fields={("trait", "a.b"): Level.SHOWN, ("trait", "a"): Level.HIDDEN}), False),
        (RoleSight(fields={("trait", "a"): Level.SHOWN}),
         RoleSight(fields={("trait", "a.b"): Level.SHOWN}), True),
        (RoleSight(kinds=dict.fromkeys(DataKind, Level.SHOWN)), WHOLE, False),
    ],
)  # fmt: skip
def test_one_sight_shows_at_least_what_another_does(one, other, covers):
    assert one.covers(other) is covers


def test_a_sight_is_read_as_it_was_written():
    said = {"kinds": {"email": "shown", "guarded": "hidden"}, "fields": {"trait:plan": "hidden"}}
    assert read(said).as_json() == said
    assert read({"fields": {"trait:Shoe_Size": "shown"}}).of_field("trait", "shoeSize.x") == 2
    for wrong in ({"kinds": 5}, {"kinds": {"email": "seen"}}, {"fields": {"note": "shown"}},
                  {"fields": {f"trait:a{n}": "shown" for n in range(51)}}):  # fmt: skip
        with pytest.raises(NotASight):
            read(wrong)


def test_what_a_role_no_longer_knows_is_no_right(boss):
    row = made(boss)
    CustomRole.objects.filter(pk=row.pk).update(permissions=["people.view", "old.right"], sight=[])
    assert rights_of_role(row.key) == (frozenset({"people.view"}), MASKED)


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_who_take_it_from_each_other_one_is_the_last():
    one, other = make_user(Role.ADMIN), make_user(Role.ADMIN)
    outcomes = at_the_same_moment(
        lambda: change_member(other, by=one, role=Role.ANALYST),
        lambda: change_member(one, by=other, role=Role.ANALYST),
    )
    assert [type(outcome) for outcome in outcomes] == [User, CannotChangeMember]
    assert User.objects.filter(role=Role.ADMIN, is_active=True).count() == 1


def in_form(client: Client, member: User) -> tuple[str, dict[str, str]]:
    """Where and how the form of a member says that they are an analyst now."""
    address = f"/console/workspace/user/{member.pk}/change/"
    form = client.get(address).context["adminform"].form
    data = {name: form[name].value() or "" for name in form.fields}
    return address, data | {"role": Role.ANALYST}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("second", ["form", "single sign-on", "deletion"])
def test_two_ways_at_one_moment_leave_an_admin(second):
    one, other, client = make_user(Role.ADMIN), make_user(Role.ADMIN), Client()
    client.force_login(other)
    filled_in = in_form(client, one)
    deletion = admin.site.get_model_admin(User).delete_model
    ways = {
        "form": lambda: client.post(*filled_in),
        "single sign-on": lambda: take_role(one, Role.ANALYST),
        "deletion": lambda: deletion(None, one),
    }
    at_the_same_moment(lambda: change_member(other, by=one, role=Role.ANALYST), ways[second])
    assert User.objects.filter(role=Role.ADMIN, is_active=True).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_role_that_goes_is_given_to_nobody_meanwhile():
    boss, other = make_user(Role.ADMIN), make_user(Role.ANALYST)
    row = made(boss, "Lone", "people.view")
    outcomes = at_the_same_moment(
        lambda: delete_role(row, by=boss),
        lambda: change_member(other, by=boss, role=row.key),
    )
    assert outcomes[0] == 0
    assert isinstance(outcomes[1], CannotChangeMember) and outcomes[1].is_unknown
