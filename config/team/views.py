"""The roles: what each may do and sees, who has it; made, changed and taken away."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from config.console.pages import ApiCall, page, toast
from config.team.forms import RoleForm, shown_in, shown_of
from config.team.words import VIEWS, groups_of, sight_in_words
from config.workspace.lifecycle.copies import name_of_copy
from config.workspace.lifecycle.revisions import Stale, revision_in
from config.workspace.models import CustomRole
from config.workspace.permissions import (
    ROLES,
    may_give,
    requires,
    rights_of_role,
    role_choices,
    role_in_words,
)
from config.workspace.team.changing import (
    CannotChangeRole,
    change_role,
    create_role,
    delete_role,
    rights_in,
)
from config.workspace.team.holders import holders_of, members_by_role
from config.workspace.trail.targets import name_of_user

EDIT = "team.edit"
LONGEST_NAME = 60


@requires(EDIT)
def roles(request: HttpRequest) -> HttpResponse:
    """All of them, the built-in ones first. Two queries."""
    counts = members_by_role()
    described = dict(CustomRole.objects.values_list("key", "description"))
    lines = [
        {
            "key": key,
            "name": name,
            "is_built_in": key in ROLES,
            "description": described.get(key, ""),
            "may": sum(len(one) for one in _may(key)),
            "sees": sight_in_words(rights_of_role(key)),
            "people": counts.get(key, 0),
            "is_own": key == getattr(request.user, "role", ""),
        }
        for key, name in role_choices()
    ]
    return page(
        request,
        "team/roles.html",
        {"lines": lines},
        title=_("Roles"),
        crumbs=_crumbs(),
        api_call=ApiCall("GET", "/api/roles/"),
    )


def _may(role: str) -> list[list[Any]]:
    """Its permissions, by group."""
    groups = groups_of(set(rights_of_role(role).permissions))
    return [[one for one in names if one[3]] for _title, names in groups]


@requires(EDIT)
def one_role(request: HttpRequest, role: str) -> HttpResponse:
    """What it may do and sees, and who has it. Raises Http404."""
    name = dict(role_choices()).get(role)
    if name is None:
        raise Http404(role)
    row = CustomRole.objects.filter(key=role).first()
    rights = rights_of_role(role)
    others = [one for one in role_choices() if one[0] != role and may_give(request.user, one[0])]
    context = {
        "key": role,
        "row": row,
        "groups": groups_of(set(rights.permissions)),
        "sees": sight_in_words(rights),
        "kinds": None if rights.sight.is_whole else RoleForm(initial=shown_of(rights)).kinds,
        "fields": rights.sight.as_json()["fields"],
        "holders": holders_of(role),
        "members": [(one, name_of_user(one)) for one in holders_of(role).members],
        "may_change": row is not None and may_give(request.user, role),
        "others": others,
        "is_own": role == getattr(request.user, "role", ""),
    }
    call = ApiCall("GET", f"/api/roles/{role}/")
    return page(request, "team/role.html", context, title=name, crumbs=_inside(), api_call=call)


@requires(EDIT)
@require_http_methods(["GET", "POST"])
def new_role(request: HttpRequest) -> HttpResponse:
    """A form that may begin from another role."""
    begin = request.GET.get("from", "")
    known = dict(role_choices())
    initial = shown_in(begin) if begin in known else {"view": "masked"}
    if begin in known:
        taken = {str(name).casefold() for name in known.values()}
        initial["name"] = name_of_copy(
            str(known[begin]), lambda name: name.casefold() in taken, longest=LONGEST_NAME
        )
    form = RoleForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            row = create_role(form.draft(), by=request.user)
        except CannotChangeRole as error:
            form.refuse(error)
        else:
            toast(request, _("The role is made. Give it to somebody on their page."))
            return redirect("team:role", row.key)
    body = {"name": "...", "permissions": ["people.view"], "sight": VIEWS["names"][2].as_json()}
    return _form_page(
        request,
        {"form": form, "begin": begin, "roles": role_choices(), "back": reverse("team:roles")},
        title=_("New role"),
        crumbs=_inside(),
        call=ApiCall("POST", "/api/roles/", body),
    )


@requires(EDIT)
@require_http_methods(["GET", "POST"])
def edit_role(request: HttpRequest, role: str) -> HttpResponse:
    """The same form over one that was made here. Raises Http404."""
    row = get_object_or_404(CustomRole, key=role)
    if not may_give(request.user, role):
        toast(request, _("This role may do more than yours."), level=messages.ERROR)
        return redirect("team:role", role)
    initial = {"name": row.name, "description": row.description} | shown_of(rights_in(row))
    form = RoleForm(request.POST or None, initial=initial)
    revision, status = row.revision, 0
    if request.method == "POST" and form.is_valid():
        revision = revision_in(request.POST) or row.revision
        try:
            change_role(row, form.draft(), by=request.user, revision=revision)
        except CannotChangeRole as error:
            form.refuse(error)
        except Stale as error:
            form.add_error(None, str(error))
            revision, status = error.revision, 409
        else:
            toast(request, _("Saved. It holds from everybody's next click on."))
            return redirect("team:role", role)
    back = reverse("team:role", args=[role])
    context = {"form": form, "row": row, "revision": revision, "back": back}
    context |= {"people": len(holders_of(role).members)}
    crumbs = [*_inside(), (row.name, back)]
    call = ApiCall("PATCH", f"/api/roles/{role}/", {"description": row.description})
    return _form_page(request, context, title=_("Change"), crumbs=crumbs, call=call, status=status)


@requires(EDIT)
@require_POST
def remove_role(request: HttpRequest, role: str) -> HttpResponse:
    """Take it away; whoever has it gets another. Raises Http404."""
    row = get_object_or_404(CustomRole, key=role)
    to = request.POST.get("move_to", "")
    try:
        moved = delete_role(row, by=request.user, move_to=to)
    except CannotChangeRole as error:
        toast(request, str(error), level=messages.ERROR)
        return redirect("team:role", role)
    toast(request, _said(row.name, moved, to))
    return redirect("team:roles")


def _said(name: str, moved: int, to: str) -> str:
    if not moved:
        return _("The role “%(name)s” is deleted.") % {"name": name}
    words = ngettext(
        "The role “%(name)s” is deleted; %(n)s person works as %(to)s now.",
        "The role “%(name)s” is deleted; %(n)s people work as %(to)s now.",
        moved,
    )
    return words % {"name": name, "n": moved, "to": role_in_words(to)}


def _form_page(
    request: HttpRequest,
    context: dict[str, Any],
    *,
    title: str,
    crumbs: list[tuple[Any, str | None]],
    call: ApiCall,
    status: int = 0,
) -> HttpResponse:
    status = status or (422 if context["form"].errors else 200)
    return page(
        request,
        "team/role_form.html",
        context,
        title=title,
        crumbs=crumbs,
        status=status,
        api_call=call,
    )


def _crumbs() -> list[tuple[Any, str | None]]:
    return [(_("Settings"), None), (_("Team"), reverse("access:team"))]


def _inside() -> list[tuple[Any, str | None]]:
    return [*_crumbs(), (_("Roles"), reverse("team:roles"))]
