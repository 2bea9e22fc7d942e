"""What an erasure leaves on a ground, over REST."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.postgres.wire import number_of
from config.workspace.api.problems import Problem
from consent.api.privacy import OfOneRequest
from consent.api.privacy_shapes import (
    ExtendSerializer,
    KeepSerializer,
    KeptListSerializer,
    KeptSerializer,
)
from consent.models import ErasureException
from consent.privacy.erasure import exceptions
from profiles.selectors.masking import shown_to


class OfExceptions(OfOneRequest):
    """Base: what colleagues wrote may name somebody."""

    def kept(self, row: ErasureException) -> dict[str, Any]:
        """One as this caller may see it."""
        shown, said = shown_to(self.request.user), dict(KeptSerializer(row).data)
        return said | {name: shown.text(said[name]) for name in ("because", "ended_because")}


class Exceptions(OfExceptions):
    """All of one request."""

    @extend_schema(responses=KeptListSerializer)
    def get(self, request: Request, reference: str) -> Response:
        """What stays and what stayed, in the order in which it was chosen."""
        rows = ErasureException.objects.filter(request=self.one(reference))
        return Response({"exceptions": [self.kept(row) for row in rows]})

    @extend_schema(
        request=KeepSerializer,
        responses={201: KeptSerializer},
    )
    def post(self, request: Request, reference: str) -> Response:
        """Have an erasure that has not begun leave something, on its ground."""
        row, given = self.one(reference), self.checked(KeepSerializer)
        made = self.tried(lambda: exceptions.keep(row, **given))
        return Response(self.kept(made), status=201)


class EndException(OfExceptions):
    """The end of one."""

    @extend_schema(
        request=ExtendSerializer,
        responses=KeptSerializer,
    )
    def post(self, request: Request, reference: str, number: str) -> Response:
        """It stays no longer; of a complete erasure it is erased next."""
        rows = ErasureException.objects.filter(request=self.one(reference), pk=number_of(number))
        row = rows.first()
        if row is None:
            raise Problem(404, detail=_("There is no such exception."))
        because = self.checked(ExtendSerializer)["because"]
        self.tried(lambda: exceptions.end(row, because=because))
        row.refresh_from_db()
        return Response(self.kept(row))
