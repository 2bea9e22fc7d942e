"""One source: looked at, changed, and deleted while nothing came from it."""

from typing import Any, ClassVar

from django.core.validators import MaxLengthValidator
from django.db import IntegrityError
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from config.postgres.wire import number_of
from config.workspace.api.fields import AsWritten, KnownFields
from config.workspace.api.usage import UseSerializer, problem_of, used_by
from config.workspace.api.views import ApiView
from config.workspace.lifecycle.archiving import delete
from config.workspace.lifecycle.usage import InUse
from profiles.api.serializers import SourceSerializer
from profiles.api.sources import name_taken, refuse_to_prove, source_answer
from profiles.models import Source
from profiles.services.sources import change_source

NUMBER = OpenApiParameter("number", int, OpenApiParameter.PATH, description="Its id.")


class SourceChange(KnownFields):
    """What can be changed of a source; its kind says what it may prove, and stays."""

    unknown = "This cannot be changed."
    name = AsWritten(validators=[MaxLengthValidator(200)], required=False)
    trust = serializers.IntegerField(min_value=0, max_value=100, required=False)
    enabled = serializers.BooleanField(required=False)


class UsedSourceSerializer(SourceSerializer):
    """A source with who uses it."""

    used_by = UseSerializer(many=True)


class OneSource(ApiView):
    """GET, PATCH and DELETE /api/sources/ID/."""

    required: ClassVar = {"GET": "sources.view", "PATCH": "sources.edit", "DELETE": "sources.edit"}

    @extend_schema(parameters=[NUMBER], responses=UsedSourceSerializer)
    def get(self, request: Request, number: str) -> Response:
        """The source and who uses it."""
        return Response(_answer(_source(number)))

    @extend_schema(
        parameters=[NUMBER],
        request=SourceChange,
        responses=UsedSourceSerializer,
    )
    def patch(self, request: Request, number: str) -> Response:
        """Change its name or trust, switch it off (its calls are refused) or on."""
        source = _source(number)
        refuse_to_prove(self, source.kind)
        body = self.checked(SourceChange)
        try:
            return Response(_answer(change_source(source=source, values=body)))
        except IntegrityError as error:
            raise name_taken() from error

    @extend_schema(parameters=[NUMBER], responses={204: None})
    def delete(self, request: Request, number: str) -> Response:
        """Delete it; 409 naming what came from it. One that is over is switched off."""
        source = _source(number)
        refuse_to_prove(self, source.kind)
        try:
            delete("source", str(source.pk))
        except InUse as error:
            raise problem_of(error) from error
        return Response(status=204)


def _source(number: str) -> Source:
    found = Source.objects.filter(pk=number_of(number), is_internal=False).first()
    if found is None:
        raise NotFound("There is no such source.")
    return found


def _answer(source: Source) -> dict[str, Any]:
    return source_answer(source) | {"used_by": used_by("source", str(source.pk))}
