"""Who may do what, and sees what of people: by role, or by an API key's scopes."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec, cast

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from config.workspace import audit, freshness
from config.workspace.models import ApiKey, Role, User
from config.workspace.roles.callers import KeyUser
from config.workspace.roles.custom import made_roles
from config.workspace.roles.sight import MASKED, WHOLE, RoleSight

PERMISSIONS = {
    "people.view": _("See people, masked"),
    "people.personal": _("See and search personal data"),
    "people.edit": _("Change people"),
    "people.merge": _("Merge people and undo it"),
    "people.export": _("Take people out as a file"),
    "events.view": _("See what comes in"),
    "sources.view": _("See sources"),
    "sources.edit": _("Make and change sources"),
    "segments.view": _("See segments"),
    "segments.edit": _("Make and change segments"),
    "campaigns.view": _("See campaigns and reports"),
    "campaigns.edit": _("Make and change campaigns"),
    "campaigns.launch": _("Launch, pause and cancel campaigns"),
    "messages.view": _("See messages"),
    "messages.send": _("Send single messages"),
    "messages.transactional": _("Send single messages that ask nobody's permission"),
    "consents.view": _("See permissions"),
    "consents.edit": _("Record permissions"),
    "suppressions.view": _("See suppressions"),
    "suppressions.edit": _("Suppress and release addresses"),
    "purposes.edit": _("Change purposes and topics"),
    "policies.edit": _("Change the policy table"),
    "privacy.view": _("See privacy requests"),
    "privacy.edit": _("Answer privacy requests"),
    "audit.view": _("See the audit trail"),
    "settings.view": _("See the settings"),
    "settings.edit": _("Change the settings"),
    "team.edit": _("Change the team and API keys"),
    "webhooks.view": _("See webhooks and what they were told"),
    "webhooks.edit": _("Make and change webhooks"),
}
_READ_ALL = {"people.view", "segments.view", "campaigns.view", "messages.view", "consents.view"}
ROLES: dict[str, set[str]] = {
    Role.MARKETER: _READ_ALL
    | {"people.personal", "people.edit", "people.export", "events.view", "sources.view"}
    | {"segments.edit"}
    | {"campaigns.edit", "campaigns.launch", "messages.send", "suppressions.view"},
    Role.ANALYST: _READ_ALL | {"events.view", "sources.view", "segments.edit"},
    Role.PRIVACY_OFFICER: _READ_ALL
    | {"people.personal", "people.merge", "people.export", "events.view", "sources.view"}
    | {"consents.edit"}
    | {
        "suppressions.view",
        "suppressions.edit",
        "purposes.edit",
        "policies.edit",
        "audit.view",
        "settings.view",
    }
    | {"privacy.view", "privacy.edit", "webhooks.view"},
    Role.SERVICE_REP: {"people.view", "people.personal", "people.edit", "messages.view"}
    | {"messages.send", "messages.transactional", "consents.view", "consents.edit"}
    | {"segments.view"},
    Role.INTEGRATOR: {"people.view", "events.view", "sources.view", "sources.edit"}
    | {"segments.view", "settings.view", "webhooks.view", "webhooks.edit"},
    Role.ADMIN: set(PERMISSIONS),
}
ALL_SCOPES = "all"
# who changes what stands behind these shows once more who they are, where that was a while ago:
# others come in by it, or people's data goes out by it
ASKED_AGAIN = frozenset({"team.edit", "webhooks.edit"})
SEES_ALL = "people.personal"
# what decides how others come in, and so whom somebody can be taken for
FOR_WHO_MAY_ALL = {"workspace.identityprovider"}
# which permission stands behind Django's own (admin lists and forms); app -> (view, change)
MODEL_PERMISSIONS: dict[str, tuple[str, str]] = {
    "workspace.user": ("team.edit", "team.edit"),
    "workspace.apikey": ("team.edit", "team.edit"),
    "workspace.identityprovider": ("team.edit", "team.edit"),
    "workspace.workspace": ("settings.view", "settings.edit"),
    "workspace.auditentry": ("audit.view", ""),
    "profiles.source": ("sources.view", "sources.edit"),
    "profiles.eventdefinition": ("settings.view", "settings.edit"),
    "profiles.traitname": ("settings.view", "settings.edit"),
    "profiles.datawarning": ("settings.view", ""),
    "profiles.exchangerate": ("settings.view", "settings.edit"),
    "profiles.fieldtag": ("settings.view", "privacy.edit"),
    "consent.breachclock": ("privacy.view", "privacy.edit"),
    "profiles.usualname": ("settings.view", "privacy.edit"),
    "consent.purpose": ("consents.view", "purposes.edit"),
    "consent.topic": ("consents.view", "purposes.edit"),
    "consent.wording": ("consents.view", ""),
    "consent.signalmapping": ("consents.view", "purposes.edit"),
    "consent.suppression": ("suppressions.view", "suppressions.edit"),
    "consent.deadlinerule": ("privacy.view", "privacy.edit"),
    "consent.erasureduty": ("privacy.view", "privacy.edit"),
    "campaigns.sender": ("campaigns.view", "campaigns.edit"),
}


def scopes_grant(scopes: list[str], permission: str) -> bool:
    """Whether these scopes hold the permission: by name, by its group ("segments") or `all`."""
    group = permission.partition(".")[0]
    return not {ALL_SCOPES, group, permission}.isdisjoint(scopes)


class Rights(NamedTuple):
    """What somebody may do, and what they see of people."""

    permissions: frozenset[str]
    sight: RoleSight

    def cover(self, other: "Rights") -> bool:
        """Whether the other may and sees no more."""
        return other.permissions <= self.permissions and self.sight.covers(other.sight)


NOTHING = Rights(frozenset(), MASKED)


def granted(role: str) -> frozenset[str]:
    """The permissions of a role; none of one that is not there any more."""
    if role in ROLES:
        return frozenset(ROLES[role])
    made = made_roles().get(role)
    return made.permissions & PERMISSIONS.keys() if made else frozenset()


def rights_of_role(role: str) -> Rights:
    """What a role may do, and sees."""
    permissions = granted(role)
    if SEES_ALL in permissions:
        return Rights(permissions, WHOLE)
    made = None if role in ROLES else made_roles().get(role)
    return Rights(permissions, made.sight if made else MASKED)


def rights_of_scopes(scopes: list[str], sight_role: str = "") -> Rights:
    """The same of a key; `sight_role` says what it sees where its scopes do not show it all."""
    permissions = frozenset(name for name in PERMISSIONS if scopes_grant(scopes, name))
    if SEES_ALL in permissions:
        return Rights(permissions, WHOLE)
    sight = rights_of_role(sight_role).sight if sight_role else MASKED
    return Rights(permissions, MASKED if sight.is_whole else sight)


def rights_of_key(key: ApiKey) -> Rights:
    """What whoever has this key may do, and sees."""
    return rights_of_scopes(key.scopes, key.sight_role)


def rights_of(who: object) -> Rights:
    """Of a user or a key; none of anybody else."""
    if isinstance(who, User):
        return rights_of_role(who.role) if who.is_active else NOTHING
    return rights_of_key(who.key) if isinstance(who, KeyUser) else NOTHING


def role_choices() -> list[tuple[str, str]]:
    """Every role that somebody can be given, with its name: the built-in ones first."""
    made = ((role.key, role.name) for role in made_roles().values())
    return [*((role, role_in_words(role)) for role in ROLES), *made]


def role_in_words(role: str) -> str:
    """The name of a role; of one that is not there any more its key."""
    if role in Role.values:
        return str(Role(role).label)
    made = made_roles().get(role)
    return made.name if made else role


def may_give(who: object, role: str) -> bool:
    """Whether this user or key may make somebody this role: never one that may or sees more.

    The same answers whether they may manage a member of that role: whoever sets somebody's password
    may do all that somebody may.
    """
    rights = rights_of(who)
    return rights is not NOTHING and rights.cover(rights_of_role(role))


def may_everything(who: object) -> bool:
    """Whether there is nothing that they may not: whoever decides how others come in has to."""
    return rights_of(who).permissions >= PERMISSIONS.keys()


def may(who: object, permission: str) -> bool:
    """Whether this user's role, or this key, grants it. Raises KeyError for an unknown name."""
    if permission not in PERMISSIONS:
        raise KeyError(permission)
    if isinstance(who, KeyUser):
        return scopes_grant(who.key.scopes, permission)
    if not isinstance(who, User) or not who.is_active:
        return False
    return permission in granted(who.role)


def roles_with(permission: str) -> list[str]:
    """The names of the roles that grant it, for a sentence that says whom to ask."""
    return [name for role, name in role_choices() if permission in granted(role)]


Params = ParamSpec("Params")
View = Callable[Concatenate[HttpRequest, Params], HttpResponse]


def requires(
    permission: str, *, post: str = "", again: bool = False
) -> Callable[[View[Params]], View[Params]]:
    """A console view that asks for log-in and the permission, and acts in the user's name.

    `post`: what a POST needs besides. Stacked, all are needed; `asked_of` reads them off the view.
    `again`: who they are is to be shown once more, also for reading; for a change it always is
    where a permission is one of ASKED_AGAIN.
    """

    def wrap(view: View[Params]) -> View[Params]:
        @wraps(view)
        def checked(
            request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs
        ) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not may(request.user, permission):
                raise PermissionDenied(permission)
            if post and request.method == "POST" and not may(request.user, post):
                raise PermissionDenied(post)
            if again:
                freshness.ask(request)
            ask_before_change(request, permission, post)
            with audit.acting(audit.actor_of_user(request.user)):
                return view(request, *args, **kwargs)

        told = cast("Any", checked)
        told.required_permissions = (permission, *getattr(view, "required_permissions", ()))
        told.required_to_post = tuple(filter(None, (post, *getattr(view, "required_to_post", ()))))
        return checked

    return wrap


def ask_before_change(request: HttpRequest, *permissions: str) -> None:
    """Once more who they are, where one of these is of ASKED_AGAIN. Raises NotShownLately."""
    if not ASKED_AGAIN.isdisjoint(permissions):
        freshness.ask_before_change(request)


def asked_of(view: Any, method: str = "GET") -> tuple[str, ...]:
    """What a view under `requires` asks for; () where it asks for nothing, or by itself."""
    asked: tuple[str, ...] = getattr(view, "required_permissions", ())
    return (*asked, *getattr(view, "required_to_post", ())) if method == "POST" else asked


class RoleBackend(ModelBackend):
    """Django's permission questions answered from the role."""

    def has_perm(self, user_obj: Any, perm: str, obj: Model | None = None) -> bool:
        """`app.verb_model` by MODEL_PERMISSIONS, or one of our own names."""
        if perm in PERMISSIONS:
            return may(user_obj, perm)
        app, _dot, codename = perm.partition(".")
        verb, _underscore, model = codename.partition("_")
        view, change = MODEL_PERMISSIONS.get(f"{app}.{model}", ("", ""))
        if verb != "view" and f"{app}.{model}" in FOR_WHO_MAY_ALL and not may_everything(user_obj):
            return False
        needed = view if verb == "view" else change
        return bool(needed) and may(user_obj, needed)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Whether any model of the app may be seen."""
        return any(
            may(user_obj, view)
            for name, (view, _change) in MODEL_PERMISSIONS.items()
            if name.startswith(f"{app_label}.")
        )

    def get_all_permissions(self, user_obj: Any, obj: Model | None = None) -> set[str]:
        """Our names that the role grants."""
        return set(granted(user_obj.role)) if isinstance(user_obj, User) else set()
