"""Webhooks over REST."""

import uuid
from datetime import timedelta
from typing import Any, ClassVar, NoReturn

import django_filters
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.postgres.wire import number_of
from config.webhooks.shapes import (
    ChangeWebhookSerializer,
    NewWebhookSerializer,
    ReplayedSerializer,
    ReplaySerializer,
    RotateSerializer,
    WebhookDeliverySerializer,
    WebhookEventListSerializer,
    WebhookMadeSerializer,
    WebhookSerializer,
    delivery_answer,
    webhook_answer,
)
from config.workspace.api.filters import MomentFilter
from config.workspace.api.pagination import listed
from config.workspace.api.problems import Problem, invalid
from config.workspace.api.views import ApiView
from config.workspace.models import Webhook, WebhookDelivery
from config.workspace.outgoing import endpoints, replaying
from config.workspace.outgoing.kinds import KINDS, choosable
from profiles.api.paging import PAGE_PARAMETERS
from profiles.api.people import filtered
from profiles.api.serializers import pages_of
from profiles.selectors.masking import shown_to

VIEW, EDIT, PERSONAL = "webhooks.view", "webhooks.edit", "people.personal"
PREFIX = "msg_"


class DeliveryFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Narrowings of the log."""

    state = django_filters.ChoiceFilter(
        choices=[(name, name) for name in replaying.STATES], method="by_state"
    )
    event = django_filters.CharFilter(field_name="event")
    since = MomentFilter(field_name="created_at", lookup_expr="gte")
    before = MomentFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = WebhookDelivery
        fields: ClassVar[list[str]] = []

    def by_state(self, rows: Any, name: str, value: str) -> Any:
        """Those that are waiting, delivered, failed or withheld."""
        return rows.filter(replaying.STATES[value])


class Webhooks(ApiView):
    """Addresses that are told of events."""

    required: ClassVar = {"GET": VIEW, "POST": EDIT}

    @extend_schema(
        parameters=PAGE_PARAMETERS,
        responses=pages_of(WebhookSerializer),
    )
    def get(self, request: Request) -> Response:
        """All of them, the newest first."""
        return self.paged(Webhook.objects.all(), webhook_answer)

    @extend_schema(
        request=NewWebhookSerializer,
        responses={201: WebhookMadeSerializer},
    )
    def post(self, request: Request) -> Response:
        """A new one; its key (`secret`) is in this answer and nowhere else."""
        try:
            row, secret = endpoints.create_webhook(
                **self.checked(NewWebhookSerializer), may_personal=self.may(PERSONAL)
            )
        except endpoints.NotAWebhook as error:
            _refuse(error)
        return Response(webhook_answer(row) | {"secret": secret}, status=201)


class WebhookEvents(ApiView):
    """Kinds of events."""

    required: ClassVar = {"GET": VIEW}

    @extend_schema(
        parameters=PAGE_PARAMETERS,
        responses=WebhookEventListSerializer,
    )
    def get(self, request: Request) -> Response:
        """Those that a webhook can ask for, each with an example of its `data`."""
        kinds = ((name, KINDS.get(name)) for name in choosable())
        names = ("group", "title", "text", "forwarded")
        return listed(
            request,
            [
                {"name": name, "example": dict(kind.example)}
                | {word: str(getattr(kind, word)) for word in names}
                for name, kind in kinds
                if kind
            ],
            "name",
        )


class OfOneWebhook(ApiView):
    """Base of what is under the address of one."""

    required: ClassVar = {"GET": VIEW, "PATCH": EDIT, "DELETE": EDIT, "POST": EDIT}

    def one(self, webhook_id: str) -> Webhook:
        """The one of the address. Raises Problem."""
        row = Webhook.objects.filter(pk=number_of(webhook_id)).first()
        if row is None:
            raise Problem(404, detail=_("There is no such webhook."))
        return row


class OneWebhook(OfOneWebhook):
    """One of them."""

    @extend_schema(responses=WebhookSerializer)
    def get(self, request: Request, webhook_id: str) -> Response:
        """What it is told of, and how it fares."""
        return Response(webhook_answer(self.one(webhook_id)))

    @extend_schema(
        request=ChangeWebhookSerializer,
        responses=WebhookSerializer,
    )
    def patch(self, request: Request, webhook_id: str) -> Response:
        """Change it. One that is switched off gives up what waits, as dead letters."""
        row = self.one(webhook_id)
        try:
            row = endpoints.change_webhook(
                row, **self.checked(ChangeWebhookSerializer), may_personal=self.may(PERSONAL)
            )
        except endpoints.NotAWebhook as error:
            _refuse(error)
        return Response(webhook_answer(row))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, webhook_id: str) -> Response:
        """Take it away with its log; receipts of erasures stay."""
        endpoints.delete_webhook(self.one(webhook_id))
        return Response(status=204)


class RotateWebhook(OfOneWebhook):
    """A new key."""

    @extend_schema(request=RotateSerializer, responses=WebhookMadeSerializer)
    def post(self, request: Request, webhook_id: str) -> Response:
        """Make it; both keys sign for `overlap_hours`, so that the other side can change over."""
        hours = self.checked(RotateSerializer)["overlap_hours"]
        row, secret = endpoints.rotate_key(self.one(webhook_id), overlap=timedelta(hours=hours))
        return Response(webhook_answer(row) | {"secret": secret})


class PingWebhook(OfOneWebhook):
    """A call to see whether it arrives."""

    @extend_schema(request=None, responses={202: WebhookSerializer})
    def post(self, request: Request, webhook_id: str) -> Response:
        """Send it; what comes of it is the newest line of the log. 409 while it is off."""
        row = self.one(webhook_id)
        try:
            endpoints.ping(row)
        except endpoints.IsOff as error:
            raise Problem(409, detail=str(error)) from error
        return Response(webhook_answer(row), status=202)


class WebhookDeliveries(OfOneWebhook):
    """The log of one."""

    @extend_schema(
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("state", str, enum=list(replaying.STATES)),
            OpenApiParameter("event", str),
            OpenApiParameter("since", str, description="A moment or a day, ISO 8601."),
            OpenApiParameter("before", str, description="A moment or a day, ISO 8601."),
        ],
        responses=pages_of(WebhookDeliverySerializer),
    )
    def get(self, request: Request, webhook_id: str) -> Response:
        """What it was told, the newest first; `state=failed` are the dead letters."""
        rows = WebhookDelivery.objects.filter(webhook=self.one(webhook_id))
        shown = shown_to(self.request.user)
        return self.paged(
            filtered(DeliveryFilter, request, rows), lambda row: delivery_answer(row, shown)
        )


class ReplayWebhook(OfOneWebhook):
    """Dead letters again."""

    @extend_schema(
        request=ReplaySerializer,
        responses={202: ReplayedSerializer},
    )
    def post(self, request: Request, webhook_id: str) -> Response:
        """Send what was given up again. 409 while it is off."""
        row, since = self.one(webhook_id), self.checked(ReplaySerializer)["since"]
        try:
            n = replaying.replay_all(row, since=since)
        except endpoints.IsOff as error:
            raise Problem(409, detail=str(error)) from error
        return Response({"replayed": n}, status=202)


class ReplayDelivery(OfOneWebhook):
    """One again."""

    @extend_schema(
        request=None,
        responses={202: WebhookDeliverySerializer},
    )
    def post(self, request: Request, webhook_id: str, delivery: str) -> Response:
        """Send this one again under the same `webhook-id`, taken or given up."""
        row = delivery_of(self.one(webhook_id), delivery)
        if row is None:
            raise Problem(404, detail=_("There is no such call in the log of this webhook."))
        try:
            replaying.replay(row)
        except endpoints.IsOff as error:
            raise Problem(409, detail=str(error)) from error
        row.refresh_from_db()
        return Response(delivery_answer(row, shown_to(self.request.user)), status=202)


def delivery_of(webhook: Webhook, message_id: str) -> WebhookDelivery | None:
    """One of its log, by `webhook-id`."""
    try:
        public_id = uuid.UUID(message_id.removeprefix(PREFIX))
    except ValueError:
        return None
    rows = WebhookDelivery.objects.filter(webhook=webhook, public_id=public_id)
    return rows.select_related("webhook").first()


def _refuse(error: endpoints.NotAWebhook) -> NoReturn:
    raise invalid(error.path, str(error)) from error
