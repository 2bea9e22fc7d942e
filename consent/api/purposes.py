"""Purposes: what permission is given for."""

from typing import Any, ClassVar

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.workspace.api.pagination import listed
from config.workspace.api.problems import Problem, taken
from config.workspace.api.usage import problem_of, used_by
from config.workspace.api.views import ApiView
from config.workspace.lifecycle.archiving import delete
from config.workspace.lifecycle.usage import InUse
from consent.api.serializers import (
    NewPurposeSerializer,
    PurposeSerializer,
    PurposesSerializer,
    UsedPurposeSerializer,
)
from consent.models import Purpose
from consent.purposes import create_purpose
from profiles.api.paging import PAGE_PARAMETERS

SLUG = OpenApiParameter("slug", str, OpenApiParameter.PATH)


class Purposes(ApiView):
    """What permission is given for."""

    required: ClassVar = {"GET": "consents.view", "POST": "purposes.edit"}

    @extend_schema(parameters=PAGE_PARAMETERS, responses=PurposesSerializer)
    def get(self, request: Request) -> Response:
        """All purposes with their topics; two queries."""
        rows = Purpose.objects.filter(archived_at=None).prefetch_related("topics")
        return listed(request, [purpose_answer(row) for row in rows], "slug")

    @extend_schema(
        request=NewPurposeSerializer,
        responses={201: PurposeSerializer},
    )
    def post(self, request: Request) -> Response:
        """A new purpose, of class marketing unless it is said otherwise."""
        body = self.checked(NewPurposeSerializer)
        try:
            with transaction.atomic():
                purpose = create_purpose(**body)
        except IntegrityError as error:
            message = "A purpose or topic of this slug is there already, perhaps archived."
            raise taken("slug", message) from error
        return Response(purpose_answer(purpose), status=201)


class OnePurpose(ApiView):
    """GET and DELETE /api/purposes/SLUG/."""

    required: ClassVar = {"GET": "consents.view", "DELETE": "purposes.edit"}

    @extend_schema(parameters=[SLUG], responses=UsedPurposeSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """The purpose and who uses it."""
        purpose = _purpose(slug)
        return Response(purpose_answer(purpose) | {"used_by": used_by("purpose", slug)})

    @extend_schema(parameters=[SLUG], responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        """Delete it; 409 naming its users, permissions on record among them."""
        try:
            delete("purpose", _purpose(slug).slug)
        except InUse as error:
            raise problem_of(error) from error
        return Response(status=204)


def _purpose(slug: str) -> Purpose:
    found = Purpose.objects.filter(slug=slug).first()
    if found is None:
        raise Problem(404, detail=_("There is no such purpose."))
    return found


def purpose_answer(row: Purpose) -> dict[str, Any]:
    """With the topics that are in use."""
    return {
        "slug": row.slug,
        "name": row.name,
        "description": row.description,
        "purpose_class": row.purpose_class,
        "double_opt_in": row.double_opt_in,
        "topics": [
            {"slug": t.slug, "name": t.name, "description": t.description}
            for t in row.topics.all()
            if t.archived_at is None
        ],
    }
