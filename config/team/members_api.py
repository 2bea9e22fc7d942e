"""Members of the team and invitations to it over REST."""

from typing import Any, ClassVar, cast

from django.db import IntegrityError
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.postgres.wire import number_of
from config.team.shapes import (
    ChangeMemberSerializer,
    InvitationMadeSerializer,
    InvitationSerializer,
    NewInvitationSerializer,
    TeamMemberSerializer,
    invitation_answer,
    member_answer,
)
from config.workspace.api.problems import Problem, invalid
from config.workspace.api.views import ApiView
from config.workspace.joining import letters, links
from config.workspace.models import AccessLink, User
from config.workspace.permissions import role_choices
from config.workspace.roles.callers import KeyUser
from config.workspace.team.members import CannotChangeMember, change_member
from profiles.api.paging import PAGE_PARAMETERS
from profiles.api.serializers import pages_of

EDIT = "team.edit"


class Members(ApiView):
    """Who works here."""

    required: ClassVar = {"GET": EDIT}

    @extend_schema(
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("role", str, description="A role's key."),
            OpenApiParameter("active", bool),
        ],
        responses=pages_of(TeamMemberSerializer),
    )
    def get(self, request: Request) -> Response:
        """Everybody of the team, who came last first."""
        rows, asked = User.objects.all(), request.query_params
        if asked.get("role"):
            rows = rows.filter(role=asked["role"])
        if "active" in asked:
            if asked["active"] not in ("true", "false"):
                raise invalid("active", _("This is true or false."))
            rows = rows.filter(is_active=asked["active"] == "true")
        return self.paged(rows, member_answer)


class OneMember(ApiView):
    """One of them."""

    required: ClassVar = {"GET": EDIT, "PATCH": EDIT}

    @extend_schema(responses=TeamMemberSerializer)
    def get(self, request: Request, member_id: str) -> Response:
        """As what they work here."""
        return Response(member_answer(_member(member_id)))

    @extend_schema(
        request=ChangeMemberSerializer,
        responses=TeamMemberSerializer,
    )
    def patch(self, request: Request, member_id: str) -> Response:
        """Another role, or out (`active` false) and in again; from their next request on.

        403 for a role or somebody that may more than the caller, 409 for the last admin.
        """
        member, body = _member(member_id), self.checked(ChangeMemberSerializer)
        role, active = body.get("role"), body.get("active")
        try:
            member = change_member(member, by=request.user, role=role, is_active=active)
        except CannotChangeMember as error:
            if error.is_unknown:
                raise invalid("role", str(error), "unknown") from error
            raise Problem(409 if error.is_last else 403, detail=str(error)) from error
        return Response(member_answer(member))


def _member(member_id: str) -> User:
    row = User.objects.filter(pk=number_of(member_id)).first()
    if row is None:
        raise Problem(404, detail=_("There is no such member."))
    return row


class Invitations(ApiView):
    """Who is invited; invite somebody."""

    required: ClassVar = {"GET": EDIT, "POST": EDIT}

    @extend_schema(
        parameters=PAGE_PARAMETERS,
        responses=pages_of(InvitationSerializer),
    )
    def get(self, request: Request) -> Response:
        """The newest first, also those that were used or withdrawn as long as they are kept."""
        return self.paged(_invitations(), invitation_answer)

    @extend_schema(
        request=NewInvitationSerializer,
        responses={201: InvitationMadeSerializer},
    )
    def post(self, request: Request) -> Response:
        """Mail an invitation; where no mail leaves, `link` is the one to hand on.

        409 where the address works here, is invited already, or the role may more than the caller.
        """
        body = self.checked(NewInvitationSerializer)
        if body["role"] not in dict(role_choices()):
            raise invalid("role", _("There is no such role."), "unknown")
        try:
            link = links.invite(**body, by=_caller(request))
        except (links.CannotInvite, IntegrityError) as error:
            raise _cannot(error) from error
        return Response(_made(link), status=201)


class OneInvitation(ApiView):
    """One of them."""

    required: ClassVar = {"GET": EDIT, "DELETE": EDIT}

    @extend_schema(responses=InvitationSerializer)
    def get(self, request: Request, link_id: str) -> Response:
        """How it stands."""
        return Response(invitation_answer(_invitation(link_id)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, link_id: str) -> Response:
        """Its link works no more."""
        links.revoke(_invitation(link_id))
        return Response(status=204)


class ResendInvitation(ApiView):
    """A new link."""

    required: ClassVar = {"POST": EDIT}

    @extend_schema(request=None, responses=InvitationMadeSerializer)
    def post(self, request: Request, link_id: str) -> Response:
        """Send it again, for a full time; the link of before works no more."""
        try:
            link = links.resend(_invitation(link_id), by=_caller(request))
        except links.CannotInvite as error:
            raise _cannot(error) from error
        return Response(_made(link))


def _caller(request: Request) -> User | KeyUser:
    """Either of them has the permission."""
    return cast("User | KeyUser", request.user)


def _invitations() -> Any:
    rows = AccessLink.objects.filter(kind=links.Kind.INVITATION)
    return rows.select_related("created_by", "created_by_key")


def _invitation(link_id: str) -> AccessLink:
    row: AccessLink | None = _invitations().filter(pk=number_of(link_id)).first()
    if row is None:
        raise Problem(404, detail=_("There is no such invitation."))
    return row


def _made(link: AccessLink) -> dict[str, Any]:
    address = None if letters.is_possible() and link.email else letters.address_of(link)
    return invitation_answer(link) | {"link": address}


def _cannot(error: Exception) -> Problem:
    """409 in the words of the service; two that invite one address at once meet in the index."""
    if isinstance(error, IntegrityError):
        return Problem(409, detail=_("This address is invited already."))
    return Problem(409, detail=str(error))
