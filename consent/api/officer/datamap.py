"""The map of personal data over REST."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.workspace.api.fields import KnownFields
from config.workspace.api.pagination import listed
from config.workspace.api.problems import invalid
from config.workspace.api.views import ApiView
from consent.datamap import deciding
from consent.datamap.fields import MappedField, mapped
from profiles.api.paging import PAGE_PARAMETERS
from profiles.selectors.masking import Shown, shown_to

VIEW, EDIT = "privacy.view", "privacy.edit"


class MappedFieldSerializer(serializers.Serializer[Any]):
    """One field."""

    place = serializers.ChoiceField(choices=["trait", "identifier", "property"])
    name = serializers.CharField()
    people = serializers.IntegerField()
    is_sample = serializers.BooleanField(help_text="Of the newest events alone.")
    sources = serializers.ListField(child=serializers.CharField())
    nature = serializers.ChoiceField(choices=["personal", "harmless", "unknown"])
    sensitivity = serializers.ChoiceField(choices=["", "special", "child", "score"])
    purpose = serializers.CharField(allow_blank=True, help_text="Read of who permitted it.")
    basis = serializers.CharField(allow_blank=True)
    is_decided = serializers.BooleanField()
    seen_by = serializers.ListField(child=serializers.CharField())
    used_in = serializers.ListField(child=serializers.CharField())
    stays = serializers.CharField()


class MappedFieldsSerializer(serializers.Serializer[Any]):
    """All of them."""

    results = MappedFieldSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class DecideFieldSerializer(KnownFields):
    """What a field is."""

    place = serializers.ChoiceField(choices=["trait", "identifier", "property", "event"])
    name = serializers.CharField(max_length=200)
    what = serializers.ChoiceField(choices=list(deciding.DECISIONS))
    purpose = serializers.CharField(
        max_length=60,
        required=False,
        allow_blank=True,
        default="",
        help_text="Of special and child data: the slug of the purpose that people permit it for.",
    )
    basis = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class DataMap(ApiView):
    """Which data is held, field by field."""

    required: ClassVar = {"GET": VIEW, "POST": EDIT}

    @extend_schema(
        parameters=PAGE_PARAMETERS,
        responses=MappedFieldsSerializer,
    )
    def get(self, request: Request) -> Response:
        """Every field, with its tag, its sources and its uses; counted once a day."""
        shown = shown_to(self.request.user)
        return listed(request, [field_answer(one, shown) for one in mapped()], "place", "name")

    @extend_schema(request=DecideFieldSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Say of a field what it is; it holds everywhere from then on."""
        body = self.checked(DecideFieldSerializer)
        try:
            deciding.decide(
                body["place"],
                body["name"],
                body["what"],
                purpose=body["purpose"],
                basis=body["basis"],
            )
        except deciding.FieldRefused as error:
            raise invalid(error.path, str(error)) from error
        return Response(status=204)


def field_answer(one: MappedField, shown: Shown) -> dict[str, Any]:
    """One field."""
    return {
        "place": one.place,
        "name": shown.text(one.name),
        "people": one.people,
        "is_sample": one.is_sample,
        "sources": one.sources,
        "nature": one.nature.value,
        "sensitivity": one.sensitivity,
        "purpose": one.purpose,
        "basis": one.basis,
        "is_decided": one.is_decided,
        "seen_by": one.seen_by,
        "used_in": [use.what for use in one.uses],
        "stays": one.stays,
    }
