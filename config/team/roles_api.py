"""Roles over REST: what the console does, by the same functions."""

from typing import Any, ClassVar, NoReturn

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.team.shapes import (
    ChangeRoleSerializer,
    NewRoleSerializer,
    RoleListSerializer,
    RoleSerializer,
    role_answer,
)
from config.workspace.api.pagination import listed
from config.workspace.api.problems import Problem, invalid
from config.workspace.api.revisions import problem_of as stale
from config.workspace.api.views import ApiView
from config.workspace.lifecycle.revisions import Stale
from config.workspace.models import CustomRole
from config.workspace.permissions import role_choices
from config.workspace.team.changing import (
    CannotChangeRole,
    RoleDraft,
    change_role,
    create_role,
    delete_role,
)
from config.workspace.team.holders import members_by_role
from profiles.api.paging import PAGE_PARAMETERS

EDIT = "team.edit"


class RolesApi(ApiView):
    """All roles; make one."""

    required: ClassVar = {"GET": EDIT, "POST": EDIT}

    @extend_schema(parameters=PAGE_PARAMETERS, responses=RoleListSerializer)
    def get(self, request: Request) -> Response:
        """The built-in ones first, then those that were made here, by name."""
        made, counts = {row.key: row for row in CustomRole.objects.all()}, members_by_role()
        return listed(
            request,
            [
                role_answer(key, name, made.get(key), counts.get(key, 0))
                for key, name in role_choices()
            ],
            "key",
        )

    @extend_schema(request=NewRoleSerializer, responses={201: RoleSerializer})
    def post(self, request: Request) -> Response:
        """A new one, that may and sees no more than the caller: 400 names what is too much."""
        body = self.checked(NewRoleSerializer)
        try:
            row = create_role(RoleDraft(**body), by=request.user)
        except CannotChangeRole as error:
            refuse(error)
        return Response(role_answer(row.key, row.name, row, 0), status=201)


class OneRole(ApiView):
    """One role by its key."""

    required: ClassVar = {"GET": EDIT, "PATCH": EDIT, "DELETE": EDIT}

    @extend_schema(responses=RoleSerializer)
    def get(self, request: Request, role: str) -> Response:
        """What it may do and sees."""
        name = dict(role_choices()).get(role)
        if name is None:
            raise Problem(404, detail=_("There is no such role."))
        return Response(_answer(role, name))

    @extend_schema(request=ChangeRoleSerializer, responses=RoleSerializer)
    def patch(self, request: Request, role: str) -> Response:
        """Change one that was made here; it holds from everybody's next request on.

        409 where it was changed since the `revision` that is given.
        """
        row, body = _made(role), self.checked(ChangeRoleSerializer)
        revision = body.pop("revision", None)
        now: dict[str, Any] = {"name": row.name, "description": row.description}
        now |= {"permissions": row.permissions, "sight": row.sight}
        try:
            row = change_role(row, RoleDraft(**(now | body)), by=request.user, revision=revision)
        except CannotChangeRole as error:
            refuse(error)
        except Stale as error:
            raise stale(error) from error
        return Response(_answer(row.key, row.name))

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "move_to", str, description="The role that whoever has it gets; else 409."
            )
        ],
        responses={204: None},
    )
    def delete(self, request: Request, role: str) -> Response:
        """Take away one that was made here."""
        to = request.query_params.get("move_to", "")
        try:
            delete_role(_made(role), by=request.user, move_to=to)
        except CannotChangeRole as error:
            if to:
                refuse(error)
            raise Problem(409, detail=str(error)) from error
        return Response(status=204)


def _made(role: str) -> CustomRole:
    row = CustomRole.objects.filter(key=role).first()
    if row is None and role in dict(role_choices()):
        raise Problem(409, detail=_("Built in: it can be copied, not changed."))
    if row is None:
        raise Problem(404, detail=_("There is no such role."))
    return row


def _answer(key: str, name: str) -> dict[str, Any]:
    row = CustomRole.objects.filter(key=key).first()
    return role_answer(key, name, row, members_by_role().get(key, 0))


def refuse(error: CannotChangeRole) -> NoReturn:
    """400 beside its field, 403 where it is of none. Raises Problem."""
    if error.path:
        raise invalid(error.path, str(error)) from error
    raise Problem(403, detail=str(error)) from error
