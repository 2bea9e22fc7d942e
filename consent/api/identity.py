"""Identity and letters of privacy requests over REST."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.workspace import audit
from config.workspace.api.fields import KnownFields
from config.workspace.api.problems import Problem
from config.workspace.roles.callers import member_of
from consent.api.privacy import EDIT, OfOneRequest
from consent.letters.sending import MOST_BODY, MOST_SUBJECT, edit, letter_of, letters_to_come
from consent.models import PrivacyRequest, RequestLetter
from consent.proof.standing import ProofStanding, ShownLink, send_link, standing_of
from profiles.selectors.masking import Shown, shown_to


class IdentityLinkSerializer(serializers.Serializer[Any]):
    """One link: no part of it is told."""

    asked_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    opened_at = serializers.DateTimeField(allow_null=True)
    used_at = serializers.DateTimeField(allow_null=True)
    ended_because = serializers.CharField(allow_blank=True)


class IdentitySerializer(serializers.Serializer[Any]):
    """Whether it is known who asks, and what was done to know it."""

    needed = serializers.BooleanField()
    proven_at = serializers.DateTimeField(allow_null=True)
    address = serializers.CharField(
        allow_blank=True, help_text="A verified one that a link can go to."
    )
    links = IdentityLinkSerializer(many=True)


class RequestLetterSerializer(serializers.Serializer[Any]):
    """One letter: as it would go, or as it went."""

    kind = serializers.ChoiceField(choices=RequestLetter.Kind.choices)
    language = serializers.CharField()
    subject = serializers.CharField(allow_blank=True)
    text = serializers.CharField(allow_blank=True)
    edited = serializers.BooleanField()
    withheld = serializers.BooleanField()
    queued_at = serializers.DateTimeField(allow_null=True)


class RequestLettersSerializer(serializers.Serializer[Any]):
    """All of one request."""

    letters = RequestLetterSerializer(many=True)


class WordedLetterSerializer(KnownFields):
    """A letter in other words; empty text is ours again."""

    subject = serializers.CharField(allow_blank=True, default="", max_length=MOST_SUBJECT)
    text = serializers.CharField(allow_blank=True, default="", max_length=MOST_BODY)
    withheld = serializers.BooleanField(default=False, help_text="It is not sent.")


class WhoAsks(OfOneRequest):
    """Who asks."""

    @extend_schema(responses=IdentitySerializer)
    def get(self, request: Request, reference: str) -> Response:
        """Whether it is proved, and which links were sent, opened and used, and when."""
        row = self.one(reference)
        return Response(_identity(row, standing_of(row), shown_to(self.request.user)))

    @extend_schema(request=None, responses={202: IdentitySerializer})
    def post(self, request: Request, reference: str) -> Response:
        """Have a link that works once sent to a verified address of the person."""
        row = self.one(reference)
        self.tried(lambda: send_link(row, member_of(request)))
        shown = shown_to(self.request.user)
        return Response(_identity(row, standing_of(row), shown), status=202)


def _identity(row: PrivacyRequest, standing: ProofStanding, shown: Shown) -> dict[str, Any]:
    address = standing.address
    return {
        "needed": standing.is_needed,
        "proven_at": row.proven_at,
        "address": shown.identifier("email", address) if address else "",
        "links": [_link(one) for one in standing.links],
    }


def _link(one: ShownLink) -> dict[str, Any]:
    names = ("asked_at", "sent_at", "expires_at", "opened_at", "used_at", "ended_because")
    return {name: getattr(one.row, name) for name in names}


class Letters(OfOneRequest):
    """What the person is told."""

    @extend_schema(responses=RequestLettersSerializer)
    def get(self, request: Request, reference: str) -> Response:
        """Letters that went and that may go, in the person's language."""
        row = self.one(reference)
        if not self.may("people.personal"):
            raise Problem(403, detail=_("Letters need the right to see personal data."))
        audit.record("privacy.viewed", "privacy_request", str(row.public_id))
        went = RequestLetter.objects.filter(request=row, queued_at__isnull=False)
        kinds = [*went.values_list("kind", flat=True)]
        kinds += [kind for kind in letters_to_come(row) if kind not in kinds]
        return Response({"letters": [_letter(row, kind) for kind in kinds]})


class OneLetter(OfOneRequest):
    """One of them."""

    required: ClassVar = {"PUT": EDIT}

    @extend_schema(
        request=WordedLetterSerializer,
        responses=RequestLetterSerializer,
    )
    def put(self, request: Request, reference: str, letter: str) -> Response:
        """Word it otherwise for this request, or have it not sent."""
        row, body = self.one(reference), self.checked(WordedLetterSerializer)
        if not self.may("people.personal"):
            raise Problem(403, detail=_("Letters need the right to see personal data."))
        if letter not in RequestLetter.Kind:
            raise Problem(404, detail=_("There is no such letter."))
        self.tried(
            lambda: edit(
                row,
                letter,
                subject=body["subject"],
                body=body["text"],
                is_withheld=body["withheld"],
                user=member_of(request),
            )
        )
        return Response(_letter(row, letter))


def _letter(row: PrivacyRequest, kind: str) -> dict[str, Any]:
    letter = letter_of(row, kind)
    kept = letter.row
    return {
        "kind": letter.kind,
        "language": letter.language,
        "subject": letter.text.subject,
        "text": letter.text.body,
        "edited": letter.is_edited,
        "withheld": bool(kept and kept.is_withheld),
        "queued_at": kept.queued_at if kept else None,
    }
