"""One message: as in the list, and why it was not sent."""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api import serializers as shapes
from campaigns.api.messages import message_answers
from campaigns.gate.why_not import WhyNot, why_not
from campaigns.models import Message
from campaigns.people.whose import people_of
from config.workspace import audit
from config.workspace.api.views import ApiView
from consent.words import answer_of
from profiles.models import Profile
from profiles.selectors.finding import as_uuid
from profiles.selectors.masking import Shown, shown_to

REFERENCE = OpenApiParameter(
    "reference", OpenApiTypes.UUID, OpenApiParameter.PATH, description="Its id."
)


class OneMessage(ApiView):
    """GET /api/messages/ID/."""

    required: ClassVar = {"GET": "messages.view"}

    @extend_schema(parameters=[REFERENCE], responses=shapes.OneMessageAnswer)
    def get(self, request: Request, reference: str) -> Response:
        """What became of it, and where it was not sent, why: since when, and what shows it."""
        public_id, shown = as_uuid(reference), shown_to(self.request.user)
        if public_id is None:
            raise NotFound("There is no such message.")
        rows = Message.objects.filter(public_id=public_id, is_test=False)
        row = rows.select_related("profile").first()
        if row is None:
            raise NotFound("There is no such message.")
        people = people_of([row])
        why = why_not([row], people).get(row.pk)
        fields = shown.looked_at("address")
        audit.record(
            "message.viewed",
            "message",
            str(row.public_id),
            fields=fields,
            profile_id=people[row.pk].pk,
        )
        (answer,) = message_answers([row], shown)
        return Response(answer | {"why": self._why(row, people[row.pk], why, shown)})

    def _why(self, row: Message, person: Profile, why: WhyNot | None, shown: Shown) -> Any:
        """What decided; null of a message that was not kept back."""
        if why is None:
            return None
        right = "consents.view" if why.entry is not None else "suppressions.view"
        return {
            "reason": row.reason,
            "detail": why.detail,
            "at": shapes.z(why.at or why.decided_at),
            # a message is no way round the right to read the ledger
            "evidence": _evidence(why, person, shown) if self.may(right) else None,
        }


def _evidence(why: WhyNot, person: Profile, shown: Shown) -> dict[str, Any] | None:
    """The entry of the ledger or the suppression; null where nothing was said, or it is gone."""
    if why.entry is not None:
        return {"kind": "consent"} | answer_of(why.entry, str(person.public_id), shown=shown)
    if why.suppression is not None:
        block = why.suppression
        said = {"reason": block.reason, "detail": shown.said(block.detail)}
        return {"kind": "suppression", "id": block.pk, "at": block.created_at} | said
    return None
