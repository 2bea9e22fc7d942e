"""Messages under /api/: what was sent or not and why; and single sends."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api import serializers as shapes
from campaigns.content.errors import ContentError
from campaigns.content.sandbox.calls import NoPlace
from campaigns.gate.why_not import WhyNot, why_not
from campaigns.models import Campaign, Message
from campaigns.models.message import MessageReason, MessageState
from campaigns.outcomes.happened import message_events
from campaigns.people.whose import people_of, written_to
from campaigns.services.shapes import InvalidCampaign
from campaigns.services.single import AnotherMessage, NeedsRight, send_message
from config.workspace import audit
from config.workspace.api.problems import FieldError, Problem, invalid
from config.workspace.api.views import ApiView
from config.workspace.digests import CONTACT_KINDS
from consent.ledger.subjects import refer
from profiles.api.paging import PAGE_PARAMETERS, answer_page
from profiles.api.people import person_of
from profiles.api.serializers import pages_of
from profiles.models import Profile
from profiles.selectors.masking import Shown, shown_to

KEY_HEADER = "Idempotency-Key"
MAX_KEY = 200


def message_answers(rows: list[Message], shown: Shown) -> list[dict[str, Any]]:
    """The API's shape; a query for the campaigns' slugs and some for what decided, none a row."""
    wanted = {row.campaign_id for row in rows if row.campaign_id}
    slugs = dict(Campaign.objects.filter(pk__in=wanted).values_list("pk", "slug"))
    people = people_of(rows)
    whys = why_not(rows, people)
    return [_answer(row, people[row.pk], slugs, shown) | _why(whys.get(row.pk)) for row in rows]


def _why(why: WhyNot | None) -> dict[str, Any]:
    return {
        "reason_detail": why.detail if why else "",
        "reason_at": shapes.z(why.at if why else None),
        "reason_consent": why.entry.pk if why and why.entry else None,
    }


def _answer(row: Message, person: Profile, slugs: dict[int, str], shown: Shown) -> dict[str, Any]:
    return {
        "id": str(row.public_id),
        "profile": str(person.public_id),
        "campaign": slugs.get(row.campaign_id) if row.campaign_id else None,
        "step": row.step,
        "channel": row.channel,
        "address": shown.address(row.address),
        "state": row.state,
        "reason": row.reason if row.reason in MessageReason.values else shown.said(row.reason),
        "provider_word": shown.said(row.data.get("word") or ""),
        "consent": row.consent_entry_id,
        "variant": row.variant,
        "queued_at": shapes.z(row.queued_at),
        "held_until": shapes.z(row.held_until),
        "sent_at": shapes.z(row.sent_at),
        "events": [{**event, "at": shapes.z(event["at"])} for event in message_events(row)],
    }


class Messages(ApiView):
    """The log of messages, excluded people among them."""

    required: ClassVar = {"GET": "messages.view", "POST": "messages.send"}

    @extend_schema(
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("campaign", str, description="Slug."),
            OpenApiParameter("person", str, description="An id or `kind:value`."),
            OpenApiParameter("state", str, enum=list(MessageState.values)),
            OpenApiParameter("reason", str, description="One of the reasons of exclusion."),
        ],
        responses=pages_of(shapes.MessageAnswer),
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        shown = shown_to(self.request.user)

        def answers(rows: Sequence[Message]) -> list[Any]:
            if shown.looked_at("address"):
                people = [row.profile_id for row in rows]
                audit.record("message.listed", "message", fields=["address"], people=people)
            return message_answers(list(rows), shown)

        return answer_page(self, self._rows(request), answers, ("-queued_at", "-id"))

    def _rows(self, request: Request) -> QuerySet[Message]:
        asked = request.query_params
        rows = Message.objects.filter(is_test=False).select_related("profile")
        if "campaign" in asked:
            found = Campaign.objects.filter(slug=asked["campaign"]).values_list("pk", flat=True)
            rows = rows.filter(campaign_id__in=list(found))
        if "state" in asked:
            if asked["state"] not in MessageState.values:
                raise invalid("state", f"One of: {', '.join(MessageState.values)}.")
            rows = rows.filter(state=asked["state"])
        if "reason" in asked:
            if asked["reason"] not in MessageReason.values:
                raise invalid("reason", f"One of: {', '.join(MessageReason.values)}.")
            rows = rows.filter(reason=asked["reason"])
        if "person" in asked:
            rows = rows.filter(written_to(person_of(self, asked["person"]).pk))
        return rows

    @extend_schema(
        parameters=[
            OpenApiParameter(
                KEY_HEADER, str, OpenApiParameter.HEADER, required=True, description="Yours."
            )
        ],
        request=shapes.SendBody,
        responses={200: shapes.MessageAnswer, 201: shapes.MessageAnswer},
    )
    def post(self, request: Request) -> Response:
        """One message to one person: 201, and 200 the same again for a key seen before."""
        key = request.headers.get(KEY_HEADER, "").strip()
        if not key or len(key) > MAX_KEY:
            raise invalid(KEY_HEADER, f"This header is needed, at most {MAX_KEY} characters.")
        body = self.checked(shapes.SendBody)
        person = self._person(body.pop("person"))
        message, is_new = self._send(person, key, body)
        answer = message_answers([message], shown_to(self.request.user))[0]
        return Response(answer, status=201 if is_new else 200)

    def _person(self, reference: str) -> Profile:
        try:
            person = person_of(self, reference)
            kind, _colon, _value = reference.partition(":")
            # whoever names an address means whose it is, not who has it by a public key
            return refer(reference).profile if kind in CONTACT_KINDS else person
        except NotFound as error:
            where = FieldError(path="person", code="unknown", message="Nobody is known by this.")
            raise Problem(404, detail=where["message"], errors=[where]) from error

    def _send(self, person: Profile, key: str, body: dict[str, Any]) -> tuple[Message, bool]:
        try:
            return send_message(
                profile=person,
                idempotency_key=key,
                may_skip_permission=self.may("messages.transactional"),
                **body,
            )
        except NeedsRight as error:
            words = f"{error} Name a purpose of class marketing, or use messages.transactional."
            where = FieldError(path="purpose", code="not_allowed", message=words)
            raise Problem(403, detail=words, errors=[where]) from error
        except InvalidCampaign as error:
            raise Problem(400, detail=error.errors[0]["message"], errors=error.errors) from error
        except NoPlace as error:  # nothing is wrong with what was sent
            raise Problem(503, detail=str(error)) from error
        except ContentError as error:
            raise invalid("content", str(error)) from error
        except AnotherMessage as error:
            raise Problem(409, detail=str(error)) from error


def profile_messages(request: Request, profile: Profile) -> Response:
    """The newest messages of one person, excluded ones with their reason."""
    view: ApiView = request.parser_context["view"]
    shown = shown_to(view.request.user)
    audit.record(
        "profile.viewed",
        "profile",
        str(profile.public_id),
        fields=["messages"],
        profile_id=profile.pk,
    )
    rows = Message.objects.filter(written_to(profile.pk), is_test=False).select_related("profile")
    return answer_page(
        view,
        rows,
        lambda page: message_answers(list(page), shown),
        ("-queued_at", "-id"),
    )
