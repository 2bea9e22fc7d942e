"""Permissions, suppressions, purposes."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import transaction
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from config.postgres.wire import number_of
from config.workspace import audit
from config.workspace.api.pagination import listed
from config.workspace.api.problems import Problem, invalid
from config.workspace.api.views import ApiView
from config.workspace.digests import contact_digest
from config.workspace.selectors import workspace
from config.workspace.zones import begins, read_exact, read_when
from consent.api.serializers import (
    PermissionsSerializer,
    RecordedSerializer,
    StatementSerializer,
    SuppressionSerializer,
    SuppressionsSerializer,
    SuppressSerializer,
)
from consent.api.statements import hold_limits, statements_of
from consent.confirming.asking import record_or_ask
from consent.ledger.history import states_of
from consent.ledger.standing import standing_entries
from consent.models import ConsentEntry, Suppression
from consent.suppression.suppressing import release, suppress
from consent.words import answer_of
from profiles.api.paging import PAGE_PARAMETERS
from profiles.api.people import person_of, record_look
from profiles.identifiers.typed import spelled
from profiles.models import Profile
from profiles.selectors.masking import Shown, shown_to

AS_OF = OpenApiParameter("as_of", str, description="A moment, ISO 8601; now by default.")


def _one_or_many(name: str, shape: type[Serializer[Any]]) -> PolymorphicProxySerializer:
    """An object or a list of such, for OpenAPI."""
    return PolymorphicProxySerializer(
        component_name=name,
        serializers=[shape, shape(many=True)],
        resource_type_field_name=None,
        many=False,
    )


class Consents(ApiView):
    """Permissions: recorded here, and listed as they stand."""

    required: ClassVar = {"GET": "consents.view", "POST": "consents.edit"}

    @extend_schema(
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("person", str, description="An id or `kind:value`."),
            AS_OF,
        ],
        responses=PermissionsSerializer,
    )
    def get(self, request: Request) -> Response:
        """Current states of a person, or of everybody by pages; `as_of` for one person."""
        reference = request.query_params.get("person")
        if reference:
            person = person_of(self, reference)
            record_look(person, ("consents",), shown_to(request.user))
            return permissions_of(request, person, shown_to(request.user))
        if "as_of" in request.query_params:
            raise invalid("as_of", _("Name the person too."))
        rows = (
            standing_entries()
            .select_related("purpose", "topic", "source", "profile")
            .exclude(profile__state__in=Profile.GONE)
        )
        shown = shown_to(request.user)
        seen: list[int] = []

        def answer(row: ConsentEntry) -> dict[str, Any]:
            seen.append(row.profile_id)
            return answer_of(row, row.profile.public_id, shown=shown)

        page = self.paged(rows, answer, ("profile_id", "id"))
        if shown.looked_at("address"):
            audit.record("consent.listed", "consent", fields=["contact_point"], people=seen)
        return page

    @extend_schema(
        request=_one_or_many("ConsentStatements", StatementSerializer),
        responses={201: _one_or_many("ConsentsRecorded", RecordedSerializer)},
    )
    @transaction.atomic
    def post(self, request: Request) -> Response:
        """Record one statement or a list of them; a list is answered with a list.

        After a withdrawal a grant counts only as the person's own later act
        (`evidence.act`: form, double_opt_in, recorded_call); else `withdrawal_stands`.

        Where the purpose or the policy of the person's country wants a double opt-in, a grant that
        brings no proof of one is recorded as pending and the address is asked by mail (`asked`).
        `outcome` is `refused` where a limit keeps the mail back; `reason` says which.
        """
        statements, many = statements_of(request.data)
        answers = [
            {
                "id": one.id,
                "state": one.state or None,
                "outcome": one.outcome,
                "asked": one.is_asked,
                "reason": one.reason,
            }
            for one in record_or_ask(statements)
        ]
        hold_limits(statements)
        return Response(answers if many else answers[0], status=201)


def as_of_of(request: Request) -> Any:
    """The moment asked for (of a date the first one there, in the workspace), or None.

    Raises Problem.
    """
    text = request.query_params.get("as_of")
    if not text:
        return None
    text = text.replace(" ", "+")
    when = read_when(text)
    moment = read_exact(text) if isinstance(when, datetime) else when and begins(when)
    if moment is None:
        raise invalid("as_of", _("A time with its zone, as 2026-11-23T09:00:00Z."))
    return moment


def permissions_of(request: Request, profile: Profile, shown: Shown) -> Response:
    """The states of one person, at a moment."""
    rows = states_of(profile.pk, as_of_of(request))
    return listed(request, [answer_of(row, profile.public_id, shown=shown) for row in rows], "id")


class Suppressions(ApiView):
    """Addresses that must not be used."""

    required: ClassVar = {
        "GET": "suppressions.view",
        "POST": "suppressions.edit",
        "DELETE": "suppressions.edit",
    }

    @extend_schema(
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("kind", str),
            OpenApiParameter("value", str, description="Is this address suppressed?"),
            OpenApiParameter("reason", str),
        ],
        responses=SuppressionsSerializer,
    )
    def get(self, request: Request) -> Response:
        """Newest first. The addresses are kept as digests: ask for one by `kind` and `value`."""
        rows = Suppression.objects.all()
        query, shown = request.query_params, shown_to(request.user)
        for name in ("kind", "reason"):
            if query.get(name):
                rows = rows.filter(**{name: query[name]})
        if query.get("value"):
            kind = query.get("kind") or "email"
            if not shown.sees_key(kind, query["value"]):
                raise PermissionDenied("Asking by an address needs people.personal.")
            rows = rows.filter(digest=_digest(kind, query["value"]))
        return self.paged(rows, lambda row: _suppression(row, shown))

    @extend_schema(
        request=SuppressSerializer,
        responses={201: SuppressionSerializer},
    )
    def post(self, request: Request) -> Response:
        """Suppress an address; said again, the first row stays and is answered."""
        body = self.checked(SuppressSerializer)
        value = spelled(body["kind"], body["value"], workspace().country)
        if not value:
            raise invalid("value", _("This is no address of that kind."))
        row, _new = suppress(
            kind=body["kind"], value=value, reason=body["reason"], detail=body["detail"]
        )
        shown = shown_to(self.request.user)
        return Response(_suppression(row, shown), status=201)

    @extend_schema(
        parameters=[
            OpenApiParameter("kind", str, required=True),
            OpenApiParameter("value", str, required=True),
        ],
        responses={204: None},
    )
    def delete(self, request: Request) -> Response:
        """Take an address back into use. Who may not ask by it hears the same in each case."""
        kind, value = (request.query_params.get(name, "") for name in ("kind", "value"))
        rows = list(Suppression.objects.filter(kind=kind, digest=_digest(kind, value)))
        if not rows and shown_to(request.user).sees_key(kind, value):
            raise Problem(404, detail=_("This address is not suppressed."))
        for row in rows:
            release(row)
        return Response(status=204)


class OneSuppression(ApiView):
    """One of them."""

    required: ClassVar = {"GET": "suppressions.view", "DELETE": "suppressions.edit"}

    @extend_schema(responses=SuppressionSerializer)
    def get(self, request: Request, number: str) -> Response:
        """One suppression."""
        return Response(_suppression(self._row(number), shown_to(self.request.user)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, number: str) -> Response:
        """Take it back."""
        release(self._row(number))
        return Response(status=204)

    def _row(self, number: str) -> Suppression:
        row = Suppression.objects.filter(pk=number_of(number)).first()
        if row is None:
            raise Problem(404, detail=_("There is no such suppression."))
        return row


def _digest(kind: str, value: str) -> bytes:
    return contact_digest(kind, spelled(kind, value, workspace().country) or value)


def _suppression(row: Suppression, shown: Shown) -> dict[str, Any]:
    return {
        "id": row.pk,
        "kind": row.kind,
        "address": row.hint,
        "level": row.level,
        "reason": row.reason,
        "detail": shown.said(row.detail),
        "created_at": row.created_at,
    }
