"""Privacy requests over REST."""

from collections.abc import Callable
from typing import Any, ClassVar

import django_filters
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.workspace import audit
from config.workspace.api.filters import MomentFilter
from config.workspace.api.pagination import listed
from config.workspace.api.problems import Problem, invalid
from config.workspace.api.views import ApiView
from config.workspace.work.due import wake
from consent.api.privacy_shapes import (
    AskSerializer,
    CertificateSerializer,
    ExtendSerializer,
    FoundSerializer,
    PrivacyRequestSerializer,
    PrivacyRequestsSerializer,
    ReceiptsSerializer,
    SearchedSerializer,
    TurnSerializer,
)
from consent.forwarding import receipts
from consent.models import PrivacyRequest
from consent.models.privacy import RequestType
from consent.privacy import found, requests, restriction
from consent.privacy.due import WANTED
from profiles.api.paging import PAGE_PARAMETERS
from profiles.api.people import filtered
from profiles.selectors.finding import as_uuid
from profiles.selectors.masking import Shown, shown_to

VIEW, EDIT = "privacy.view", "privacy.edit"


class RequestFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Narrowings of the list."""

    status = django_filters.MultipleChoiceFilter(choices=PrivacyRequest.Status.choices)
    type = django_filters.ChoiceFilter(choices=RequestType.choices)
    due_before = MomentFilter(field_name="due_at", lookup_expr="lt")

    class Meta:
        model = PrivacyRequest
        fields: ClassVar[list[str]] = []


class PrivacyRequests(ApiView):
    """What people ask of their data."""

    required: ClassVar = {"GET": VIEW, "POST": EDIT}

    @extend_schema(
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("status", str, description="May be given several times."),
            OpenApiParameter("type", str),
            OpenApiParameter("due_before", str, description="A moment or a day, ISO 8601."),
        ],
        responses=PrivacyRequestsSerializer,
    )
    def get(self, request: Request) -> Response:
        """All of them, due first."""
        rows = filtered(RequestFilter, request, PrivacyRequest.objects.all())
        shown = shown_to(request.user)
        seen: set[int] = set()

        def answer(row: PrivacyRequest) -> dict[str, Any]:
            seen.update([row.profile_id] if row.profile_id else ())
            return answer_of(row, shown)

        page = self.paged(rows, answer, ("due_at", "id"))
        fields = shown.looked_at("identifier")
        audit.record("privacy.listed", "privacy_request", fields=fields, people=sorted(seen))
        return page

    @extend_schema(
        request=AskSerializer,
        responses={201: PrivacyRequestSerializer},
    )
    def post(self, request: Request) -> Response:
        """Take one in. The same asked again while it is open is answered with the first."""
        body = self.checked(AskSerializer)
        try:
            row = requests.open_request(
                type_=body["type"],
                references=body["identifiers"],
                regulation=body["regulation"],
                origin="api",
                language=body["language"],
                received_at=body["received_at"],
                is_blocking=body["block"],
                details=body["details"],
            )
        except requests.NotOne as error:
            raise invalid(error.path, str(error)) from error
        return Response(answer_of(row, shown_to(self.request.user)), status=201)


class OfOneRequest(ApiView):
    """Base of what is under the address of one."""

    required: ClassVar = {"GET": VIEW, "POST": EDIT}

    def one(self, reference: str) -> PrivacyRequest:
        """The request of the address. Raises Problem."""
        public_id = as_uuid(reference)
        row = PrivacyRequest.objects.filter(public_id=public_id).first() if public_id else None
        if row is None:
            raise Problem(404, detail=_("There is no such privacy request."))
        return row

    def tried(self, act: Callable[[], Any]) -> Any:
        """What it gives; what cannot be done is 409, with the reason."""
        try:
            return act()
        except requests.CannotBeDone as error:
            raise Problem(409, detail=str(error)) from error

    def answered(self, row: PrivacyRequest, status: int = 200) -> Response:
        """The request as it stands now."""
        row.refresh_from_db()
        return Response(answer_of(row, shown_to(self.request.user)), status=status)


class OnePrivacyRequest(OfOneRequest):
    """One of them."""

    @extend_schema(responses=PrivacyRequestSerializer)
    def get(self, request: Request, reference: str) -> Response:
        """Where it stands."""
        row = self.one(reference)
        audit.record("privacy.viewed", "privacy_request", str(row.public_id))
        return self.answered(row)


class Confirm(OfOneRequest):
    """Receipt and identity confirmed."""

    @extend_schema(
        request=TurnSerializer,
        responses=PrivacyRequestSerializer,
    )
    def post(self, request: Request, reference: str) -> Response:
        """Say that it was confirmed to the person, and that they are who they say."""
        because = self.checked(TurnSerializer)["because"]
        return _turn(self, reference, lambda row: requests.confirm(row, proof=because))


class Extend(OfOneRequest):
    """More time."""

    @extend_schema(
        request=ExtendSerializer,
        responses=PrivacyRequestSerializer,
    )
    def post(self, request: Request, reference: str) -> Response:
        """Give it the longer time of its law, with the reason that the person is told."""
        because = self.checked(ExtendSerializer)["because"]
        return _turn(self, reference, lambda row: requests.extend(row, because=because))


class Complete(OfOneRequest):
    """Carried out."""

    @extend_schema(
        request=TurnSerializer,
        responses={202: PrivacyRequestSerializer},
    )
    def post(self, request: Request, reference: str) -> Response:
        """Have it carried out. What only people can do is completed by saying that it was done."""
        because = self.checked(TurnSerializer)["because"]
        return _turn(self, reference, lambda row: requests.settle(row, because=because), 202)


class Cancel(OfOneRequest):
    """Closed undone."""

    @extend_schema(
        request=TurnSerializer,
        responses=PrivacyRequestSerializer,
    )
    def post(self, request: Request, reference: str) -> Response:
        """Close it, while nothing was erased."""
        because = self.checked(TurnSerializer)["because"]
        return _turn(self, reference, lambda row: requests.cancel(row, because=because))


class Release(OfOneRequest):
    """The end of a block."""

    @extend_schema(
        request=ExtendSerializer,
        responses=PrivacyRequestSerializer,
    )
    def post(self, request: Request, reference: str) -> Response:
        """Let what is new of an erased and blocked person come in again, with the reason."""
        because = self.checked(ExtendSerializer)["because"]
        return _turn(self, reference, lambda row: requests.release(row, because=because))


class Lift(OfOneRequest):
    """The end of a restriction."""

    @extend_schema(
        request=ExtendSerializer,
        responses=PrivacyRequestSerializer,
    )
    def post(self, request: Request, reference: str) -> Response:
        """Let the data of a restricted person be worked with again, with the reason."""
        because = self.checked(ExtendSerializer)["because"]
        return _turn(self, reference, lambda row: restriction.lift(row, because=because))


def _turn(view: OfOneRequest, reference: str, turn: Any, status: int = 200) -> Response:
    row = view.one(reference)
    view.tried(lambda: turn(row))
    return view.answered(row, status)


class Found(OfOneRequest):
    """What there is, before anything is done."""

    @extend_schema(responses=FoundSerializer)
    def get(self, request: Request, reference: str) -> Response:
        """Table by table: how many rows, and what becomes of them on which ground."""
        row = self.one(reference)
        audit.record("privacy.viewed", "privacy_request", str(row.public_id))
        return Response({"found": [vars(one) for one in found.found_of(row)]})


class Certificate(OfOneRequest):
    """The proof of an erasure."""

    @extend_schema(responses=CertificateSerializer)
    def get(self, request: Request, reference: str) -> Response:
        """What was done and searched, signed."""
        certificate = self.one(reference).result.get("certificate")
        if not certificate:
            raise Problem(409, detail=_("Only a completed erasure has a certificate."))
        return Response(certificate)


class Receipts(OfOneRequest):
    """Who was told of an erasure."""

    @extend_schema(
        parameters=PAGE_PARAMETERS,
        responses=ReceiptsSerializer,
    )
    def get(self, request: Request, reference: str) -> Response:
        """Each destination, and what it answered; also after the certificate was made."""
        return listed(request, receipts.passed_on(self.one(reference)), "destination", "at")


class Verify(OfOneRequest):
    """The search after an erasure."""

    @extend_schema(request=None, responses={202: SearchedSerializer})
    def post(self, request: Request, reference: str) -> Response:
        """Have every column and file searched anew; GET answers with what came of it."""
        row = self.one(reference)
        if row.type != "erasure" or row.status != PrivacyRequest.Status.COMPLETED:
            raise Problem(409, detail=_("Only a completed erasure can be verified."))
        row.result[WANTED] = timezone.now().isoformat()
        row.save(update_fields=["result"])
        wake(requests.WORK)
        return Response(row.result["searched"] | {"status": "searching"}, status=202)

    @extend_schema(responses=SearchedSerializer)
    def get(self, request: Request, reference: str) -> Response:
        """What the newest search came to."""
        row = self.one(reference)
        if "searched" not in row.result:
            raise Problem(409, detail=_("Only a completed erasure can be verified."))
        status = "searching" if WANTED in row.result else "done"
        return Response(row.result["searched"] | {"status": status})


def answer_of(row: PrivacyRequest, shown: Shown) -> dict[str, Any]:
    """One request as docs/integrators/rest.md has it."""
    return {
        "id": row.public_id,
        "type": row.type,
        "regulation": row.regulation,
        "status": row.status,
        "origin": row.origin,
        "identifiers": [
            {"kind": one["kind"], "value": shown.identifier(one["kind"], one["value"])}
            if "value" in one
            else one
            for one in row.identities
        ],
        "received_at": row.received_at,
        "confirm_by": row.confirm_by,
        "confirmed_at": row.confirmed_at,
        "due_at": row.due_at,
        "extended_at": row.extended_at,
        "extended_because": shown.text(row.extended_because),
        "proven_at": row.proven_at,
        "completed_at": row.completed_at,
        "closed_because": shown.text(row.closed_because),
        "block": row.is_blocking,
        "details": shown.free_text(row.details),
    }
