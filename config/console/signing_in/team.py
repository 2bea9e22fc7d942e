"""The team: who works here, who is invited, and what an admin can do about either."""

from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from config.console.pages import page, toast
from config.console.signing_in import rules
from config.workspace.joining import letters, links
from config.workspace.models import AccessLink, IdentityProvider, Role, User
from config.workspace.permissions import (
    may_everything,
    may_give,
    requires,
    role_choices,
    role_in_words,
)
from config.workspace.trail.targets import name_of_user


class RulesForm(forms.Form):
    """Which roles need a second factor."""

    roles = forms.MultipleChoiceField(
        label=gettext_lazy("These roles need a second factor"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    sso_only = forms.BooleanField(
        label=gettext_lazy("Sign in by single sign-on alone"), required=False
    )
    break_glass = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Admins who may use their password all the same"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everybody = (rules.EVERYBODY, gettext_lazy("Everybody"))
        self.fields["roles"].choices = [everybody, *role_choices()]  # type: ignore[attr-defined]
        self.fields["break_glass"].choices = [  # type: ignore[attr-defined]
            (user.pk, name_of_user(user)) for user in _admins() if user.has_usable_password()
        ]

    def clean(self) -> dict[str, Any]:
        """Somebody has to get in when the provider is down. Raises ValidationError."""
        given = super().clean() or {}
        if given.get("sso_only"):
            if not IdentityProvider.objects.filter(is_active=True).exists():
                raise forms.ValidationError(_("There is no provider to sign in by."))
            if not given.get("break_glass"):
                raise forms.ValidationError(_("Choose an admin who may use their password."))
        return given


class InviteForm(forms.Form):
    """Whom, and as what: of the roles that may no more than who invites."""

    email = forms.EmailField(label=gettext_lazy("Email address"), max_length=254)
    role = forms.ChoiceField(label=gettext_lazy("Role"))

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = [one for one in role_choices() if may_give(by, one[0])]
        self.fields["role"].choices = given  # type: ignore[attr-defined]


@requires("team.edit")
@require_http_methods(["GET", "POST"])
def team(request: HttpRequest) -> HttpResponse:
    """The list, and the form that invites."""
    form = InviteForm(request.POST or None, by=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            link = links.invite(**form.cleaned_data, by=_user(request))
        except links.CannotInvite as error:
            form.add_error("email", str(error))
        else:
            return _sent(request, link, link.email)
    context = {
        "form": form,
        "members": _members(request),
        "invitations": _open_invitations(),
        "is_mailed": letters.is_possible(),
        "rules_form": RulesForm(initial=_rules()) if may_everything(request.user) else None,
    }
    crumbs = [(_("Settings"), None)]
    status = 422 if form.errors else 200
    title = _("Team")
    return page(
        request, "console/team/team.html", context, title=title, crumbs=crumbs, status=status
    )


@requires("team.edit")
@require_POST
def send_again(request: HttpRequest, link_id: int) -> HttpResponse:
    """A new link; the one before works no more. Raises Http404."""
    try:
        again = links.resend(_invited(link_id), by=_user(request))
    except links.CannotInvite as error:
        toast(request, str(error), level=messages.ERROR)
        return redirect("access:team")
    return _sent(request, again, again.email)


@requires("team.edit")
@require_POST
def revoke(request: HttpRequest, link_id: int) -> HttpResponse:
    """No link of it works any more. Raises Http404."""
    links.revoke(_invited(link_id))
    toast(request, _("The invitation is taken back; its link works no more."))
    return redirect("access:team")


def _invited(link_id: int) -> AccessLink:
    rows = AccessLink.objects.filter(kind=links.Kind.INVITATION, used_at=None, revoked_at=None)
    return get_object_or_404(rows, pk=link_id)


@requires("team.edit")
@require_POST
def reset_password(request: HttpRequest, user_id: int) -> HttpResponse:
    """A way to a new password for a member. Raises Http404."""
    member = get_object_or_404(User, pk=user_id, is_active=True)
    try:
        link = links.reset_for(member, by=_user(request))
    except links.CannotInvite as error:
        toast(request, str(error), level=messages.ERROR)
        return redirect("access:team")
    return _sent(request, link, name_of_user(member))


@requires("team.edit")
@require_POST
def change_rules(request: HttpRequest) -> HttpResponse:
    """Which roles need a second factor, and by what people come in: for who may everything."""
    if not may_everything(request.user):
        raise PermissionDenied("team.edit")
    form = RulesForm(request.POST)
    if form.is_valid():
        rules.require(form.cleaned_data["roles"])
        rules.keep_sso(form.cleaned_data["sso_only"], form.cleaned_data["break_glass"])
        toast(request, _("Kept. Who is in without a second factor sets one up now."))
    for words in form.errors.values():
        toast(request, words[0], level=messages.ERROR)
    return redirect("access:team")


@requires("team.edit")
@require_POST
def take_factors_away(request: HttpRequest, user_id: int) -> HttpResponse:
    """Of a member who lost theirs. Raises Http404."""
    member = get_object_or_404(User, pk=user_id)
    if not may_give(request.user, member.role):
        raise PermissionDenied("team.edit")
    rules.take_away(member)
    words = _("%(name)s comes in by the password alone now, and their sessions are ended.")
    toast(request, words % {"name": name_of_user(member)})
    return redirect("access:team")


def _sent(request: HttpRequest, link: AccessLink, whom: str) -> HttpResponse:
    """On its way by mail; without a mail server it is shown this once, to be handed on."""
    if letters.is_possible() and link.email:
        toast(request, _("A link is on its way to %(whom)s.") % {"whom": whom})
        return redirect("access:team")
    back = reverse("access:team")
    context = {"link": letters.address_of(link), "whom": whom, "back": back, "row": link}
    crumbs = [(_("Settings"), None), (_("Team"), back)]
    title = _("A link to hand on")
    return page(request, "console/team/link.html", context, title=title, crumbs=crumbs)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - `requires` asked
    return request.user


def _rules() -> dict[str, Any]:
    return {
        "roles": rules.required_roles(),
        "sso_only": rules.is_sso_only(),
        "break_glass": rules.break_glass(),
    }


def _admins() -> list[User]:
    return list(User.objects.filter(role=Role.ADMIN, is_active=True).order_by("username"))


def _members(request: HttpRequest) -> list[dict[str, Any]]:
    """Two queries."""
    factors = Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES)
    with_one = set(factors.values_list("user_id", flat=True))
    users = User.objects.order_by("-is_active", "first_name", "username")
    return [_line(request, user, user.pk in with_one) for user in users]


def _line(request: HttpRequest, user: User, has_factor: bool) -> dict[str, Any]:
    may_turn = user != request.user and may_give(request.user, user.role)
    return {
        "user": user,
        "name": user.get_full_name() or user.username,
        "role": role_in_words(user.role),
        "url": reverse("admin:workspace_user_change", args=[user.pk]),
        "has_factor": has_factor,
        "is_lacking": not has_factor and user.is_active and rules.is_required(user.role),
        "may_reset": may_turn and user.is_active,
        "may_take_away": may_turn and has_factor,
    }


def _open_invitations() -> list[dict[str, Any]]:
    rows = AccessLink.objects.filter(kind=links.Kind.INVITATION, used_at=None, revoked_at=None)
    listed = list(rows.select_related("created_by", "created_by_key").order_by("-pk"))
    mails, now = letters.mails_of(listed), timezone.now()
    return [
        {
            "link": link,
            "role": role_in_words(link.role),
            "by": link.created_by or link.created_by_key,
            "mail": mails.get(link.pk),
            "is_over": link.expires_at <= now,
            "is_void": link.expires_at > now and not links.is_open(link),
        }
        for link in listed
    ]
