"""Only who may: roles, scopes, keys; and every address asks."""

import pytest
from django.db import ProgrammingError, transaction

from config.workspace import audit
from config.workspace.access.keys import UnknownScope, create_api_key
from config.workspace.models import ApiKey, AuditEntry, Role, User
from config.workspace.permissions import PERMISSIONS, ROLES, may, scopes_grant
from tests.surface.routes import routes_with_views


def test_every_role_names_known_permissions_only():
    assert set(ROLES) == set(Role.values)
    assert set().union(*ROLES.values()) == set(PERMISSIONS)


@pytest.mark.parametrize(
    ("scopes", "permission", "granted"),
    [
        (["all"], "audit.view", True),
        (["segments"], "segments.edit", True),
        (["segments.view"], "segments.edit", False),
        ([], "people.view", False),
    ],
)
def test_scopes_grant_by_name_group_or_all(scopes, permission, granted):
    assert scopes_grant(scopes, permission) is granted


@pytest.mark.django_db
def test_an_inactive_user_may_nothing():
    user = User.objects.create_user("ines", role=Role.ADMIN, is_active=False)
    assert not may(user, "people.view")


@pytest.mark.django_db
def test_a_superuser_is_an_admin():
    assert User.objects.create_superuser("root", password="x").role == Role.ADMIN


@pytest.mark.django_db
def test_only_the_digest_of_a_key_is_kept():
    key, value = create_api_key(name="shop", scopes=["segments"])
    assert value not in str(ApiKey.objects.filter(pk=key.pk).values().get())


@pytest.mark.django_db
def test_an_unknown_scope_is_refused_with_the_known_ones():
    with pytest.raises(UnknownScope, match=r"nonsense.*known: all"):
        create_api_key(name="shop", scopes=["nonsense"])


@pytest.mark.django_db
def test_the_trail_cannot_be_changed_by_the_application():
    audit.record("x.y", "thing", "1")
    for statement in ("update", "delete"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            rows = AuditEntry.objects.all()
            rows.update(action="z") if statement == "update" else rows._raw_delete("default")


def _is_ours(callback) -> bool:
    module = getattr(callback, "view_class", getattr(callback, "cls", callback)).__module__
    return module.partition(".")[0] in {"config", "profiles", "consent", "segments", "campaigns"}


# whoever is logged in may open these; what they show asks for itself
FOR_EVERYONE = {
    "console/",
    "console/^(?P<app_label>workspace|profiles|consent|campaigns)/$",  # for everybody 404
    "console/health/",  # whether work goes on
    "console/home/<slug:name>/",
    "console/language/",
    "console/login/",
    "console/logout/",
    "console/sessions/end/",  # one's own
    "console/search/",
    "console/first-admin/<str:token>/",  # a one-time token
    "console/invitation/<str:token>/",  # likewise
    "console/reset/<str:token>/",
    "console/reset/",  # for who cannot come in
    "console/password_change/",  # one's own
    "console/login/code/",  # after the password
    "console/login/passkey/",
    "console/login/sso/<slug:slug>/",
    "console/login/sso/<slug:provider_id>/back/",
    "console/login/sso/<slug:slug>/saml/",
    "console/login/sso/<slug:slug>/metadata/",
    "console/sessions/<int:number>/end/",  # one's own
    "console/sessions/others/end/",
    "console/security/",  # one's own as well; `factors.of_member` asks who it is
    "console/security/keys/",
    "console/security/again/",
    "console/security/again/code/",
    "console/security/again/passkey/",
    "console/security/again/provider/",
    "console/security/again/sent/",
    "console/security/app/",
    "console/security/app/off/",
    "console/security/keys/add/",
    "console/security/keys/<int:pk>/",
    "console/security/keys/<int:pk>/off/",
    "console/security/codes/",
    "console/security/codes/new/",
}


def test_every_console_view_of_ours_names_its_permission():
    missing = [
        path
        for path, callback in routes_with_views()
        if path.startswith("console/")
        and _is_ours(callback)
        and not hasattr(callback, "required_permissions")
        and path not in FOR_EVERYONE
        and not hasattr(callback, "model_admin")  # the admin asks RoleBackend by itself
    ]
    assert missing == []


def test_every_api_view_names_a_permission_for_each_method():
    missing = []
    for path, callback in routes_with_views():
        view = getattr(callback, "cls", None) or getattr(callback, "view_class", None)
        if "api/" not in path or view is None or not _is_ours(callback):
            continue
        methods = {m.upper() for m in view.http_method_names if hasattr(view, m)} - {"OPTIONS"}
        missing += [
            f"{m} {path}"
            for m in methods - {"HEAD"}
            if m not in view.required or view.required[m] not in PERMISSIONS
        ]
    assert missing == []


@pytest.mark.django_db
def test_a_superuser_who_is_given_another_role_has_only_that(client):
    boss = User.objects.create_superuser("boss", password="x")
    root = User.objects.create_superuser("root", password="x")
    client.force_login(boss)
    address = f"/console/workspace/user/{root.pk}/change/"
    form = client.get(address).context["adminform"].form
    data = {name: form[name].value() or "" for name in form.fields} | {"role": Role.ANALYST}
    assert client.post(address, data).status_code == 302
    root = User.objects.get(pk=root.pk)
    assert (root.role, root.is_superuser) == (Role.ANALYST, False)
    assert not root.has_perm("workspace.change_user")
