"""Which names of consent platforms mean which purpose: GET, POST, DELETE /api/consent-signals/."""

from typing import Any, ClassVar

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.postgres.wire import number_of
from config.workspace import audit
from config.workspace.api.fields import KnownFields
from config.workspace.api.pagination import listed
from config.workspace.api.problems import Problem, invalid, taken
from config.workspace.api.views import ApiView
from consent.models import SignalMapping
from consent.signals.mappable import mappable_purposes, name_fault
from profiles.api.paging import PAGE_PARAMETERS
from profiles.models import Source

SIGNALS = SignalMapping.Signal.choices


class NewSignalSerializer(KnownFields):
    """One name, as it is posted."""

    source = serializers.CharField(  # type: ignore[assignment]  # a field of that name
        required=False, allow_null=True, default=None, max_length=200,
        help_text="Name of a source; null is every source without rows of its own.",
    )  # fmt: skip
    signal = serializers.ChoiceField(choices=SIGNALS)
    name = serializers.CharField(
        max_length=100, help_text="As C0002, 1 (a TCF purpose), sf1, SaleOptOut."
    )
    purpose = serializers.SlugField(
        required=False, allow_null=True, default=None,
        help_text="Of class processing; null decides on nothing.",
    )  # fmt: skip


class SignalSerializer(NewSignalSerializer):
    """One name."""

    id = serializers.IntegerField()


class SignalsSerializer(serializers.Serializer[Any]):
    """All of them, on one page."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = SignalSerializer(many=True)


class ConsentSignals(ApiView):
    """The rows of every source."""

    required: ClassVar = {"GET": "consents.view", "POST": "purposes.edit"}

    @extend_schema(
        parameters=PAGE_PARAMETERS,
        responses=SignalsSerializer,
    )
    def get(self, request: Request) -> Response:
        """By source, signal and name; one query."""
        rows = SignalMapping.objects.select_related("source", "purpose")
        return listed(request, [_answer(row) for row in rows], "id")

    @extend_schema(
        request=NewSignalSerializer,
        responses={201: SignalSerializer},
    )
    def post(self, request: Request) -> Response:
        """A name of a signal and the purpose that it decides on, from now on."""
        body = self.checked(NewSignalSerializer)
        if fault := name_fault(body["signal"], body["name"]):
            raise invalid("name", fault)
        row = SignalMapping(
            source=_source(body["source"]),
            signal=body["signal"],
            name=body["name"],
            purpose=_purpose(body["purpose"]),
        )
        try:
            with transaction.atomic():
                row.save()
                audit.record("signalmapping.created", "signalmapping", str(row.pk))
        except IntegrityError as error:
            raise taken("name", _("This is mapped already.")) from error
        return Response(_answer(row), status=201)


class OneConsentSignal(ApiView):
    """DELETE /api/consent-signals/ID/."""

    required: ClassVar = {"DELETE": "purposes.edit"}

    @extend_schema(
        parameters=[OpenApiParameter("number", int, OpenApiParameter.PATH)],
        responses={204: None},
    )
    @transaction.atomic
    def delete(self, request: Request, number: str) -> Response:
        """What was recorded by it stays."""
        row = SignalMapping.objects.filter(pk=number_of(number)).first()
        if row is None:
            raise Problem(404, detail=_("There is no such row."))
        audit.record("signalmapping.deleted", "signalmapping", str(row.pk))
        row.delete()
        return Response(status=204)


def _source(name: str | None) -> Source | None:
    if name is None:
        return None
    found = Source.objects.filter(name=name, is_internal=False).first()
    if found is None:
        raise invalid("source", _("There is no such source."))
    return found


def _purpose(slug: str | None) -> Any:
    if slug is None:
        return None
    found = mappable_purposes().filter(slug=slug).first()
    if found is None:
        raise invalid("purpose", _("A purpose of class processing, by its slug."))
    return found


def _answer(row: SignalMapping) -> dict[str, Any]:
    return {
        "id": row.pk,
        "source": row.source.name if row.source else None,
        "signal": row.signal,
        "name": row.name,
        "purpose": row.purpose.slug if row.purpose else None,
    }
