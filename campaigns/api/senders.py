"""Who mails are from: listed, made, changed, and deleted while no campaign names them."""

from typing import Any, ClassVar

from django.db import IntegrityError
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.serializers import SenderSerializer
from campaigns.composition.senders import change_sender, create_sender
from campaigns.models import Sender
from config.postgres.wire import number_of
from config.workspace.api.fields import AsWritten, KnownFields
from config.workspace.api.problems import Problem, taken
from config.workspace.api.usage import UseSerializer, problem_of, used_by
from config.workspace.api.views import ApiView
from config.workspace.lifecycle.archiving import delete
from config.workspace.lifecycle.usage import InUse
from profiles.api.paging import PAGE_PARAMETERS, answer_page
from profiles.api.serializers import pages_of

NUMBER = OpenApiParameter("number", int, OpenApiParameter.PATH, description="Its id.")


class SenderChange(KnownFields):
    """Any part of a sender."""

    unknown = "This cannot be changed."
    name = AsWritten(max_length=200, required=False)
    address = serializers.EmailField(required=False, max_length=254)
    reply_to = serializers.EmailField(required=False, allow_blank=True, max_length=254)
    postal_address = AsWritten(required=False, allow_blank=True)
    default = serializers.BooleanField(source="is_default", required=False)

    def validate_default(self, value: bool) -> bool:
        """There is always one: another takes its place."""
        if not value:
            raise serializers.ValidationError("Make another sender the default instead.")
        return value


class UsedSenderSerializer(SenderSerializer):
    """A sender with who uses it."""

    used_by = UseSerializer(many=True)

    class Meta(SenderSerializer.Meta):
        fields = (*SenderSerializer.Meta.fields, "used_by")  # type: ignore[assignment]  # one more


def address_taken() -> Problem:
    """409: two senders have no address in common."""
    return taken("address", "A sender has this address already.")


class Senders(ApiView):
    """Who mails are from."""

    required: ClassVar = {"GET": "campaigns.view", "POST": "campaigns.edit"}

    @extend_schema(
        parameters=PAGE_PARAMETERS,
        responses=pages_of(SenderSerializer),
    )
    def get(self, request: Request) -> Response:
        """All senders."""
        return answer_page(self, Sender.objects.all(), _senders)

    @extend_schema(
        request=SenderSerializer,
        responses={201: SenderSerializer},
    )
    def post(self, request: Request) -> Response:
        """A new sender; `default` takes the place of the one before."""
        body = self.checked(SenderSerializer)
        try:
            sender = create_sender(**body)
        except IntegrityError as error:  # made by somebody else in this moment
            raise address_taken() from error
        return Response(SenderSerializer(sender).data, status=201)


def _senders(rows: Any) -> list[Any]:
    return list(SenderSerializer(rows, many=True).data)


class OneSender(ApiView):
    """GET, PATCH and DELETE /api/senders/ID/."""

    required: ClassVar = {
        "GET": "campaigns.view",
        "PATCH": "campaigns.edit",
        "DELETE": "campaigns.edit",
    }

    @extend_schema(parameters=[NUMBER], responses=UsedSenderSerializer)
    def get(self, request: Request, number: str) -> Response:
        """The sender and who uses it."""
        return Response(_answer(_sender(number)))

    @extend_schema(
        parameters=[NUMBER],
        request=SenderChange,
        responses=UsedSenderSerializer,
    )
    def patch(self, request: Request, number: str) -> Response:
        """Change it; what is sent from now on says so."""
        sender = _sender(number)
        body = self.checked(SenderChange)
        try:
            return Response(_answer(change_sender(sender, body)))
        except IntegrityError as error:
            raise address_taken() from error

    @extend_schema(parameters=[NUMBER], responses={204: None})
    def delete(self, request: Request, number: str) -> Response:
        """Delete it; 409 naming its users, drafts and what was sent among them."""
        sender = _sender(number)
        try:
            delete("sender", str(sender.pk))
        except InUse as error:
            raise problem_of(error) from error
        return Response(status=204)


def _sender(number: str) -> Sender:
    found = Sender.objects.filter(pk=number_of(number)).first()
    if found is None:
        raise NotFound("There is no such sender.")
    return found


def _answer(sender: Sender) -> dict[str, Any]:
    return dict(SenderSerializer(sender).data) | {"used_by": used_by("sender", str(sender.pk))}
