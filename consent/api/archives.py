"""Archives of privacy requests over REST: fetched, withheld in part, handed over."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.postgres.wire import number_of
from config.workspace import audit
from config.workspace.api.fields import KnownFields
from config.workspace.api.problems import Problem
from config.workspace.roles.callers import member_of
from consent.api.privacy import EDIT, OfOneRequest
from consent.archives.answers import download
from consent.archives.making import TYPES, make_again
from consent.archives.redacting import redact, show_again
from consent.archives.releasing import (
    DAYS,
    DOWNLOADS,
    MOST_DAYS,
    MOST_DOWNLOADS,
    release,
    revoke,
    state_of,
)
from consent.models import PersonArchive, PrivacyRequest, Redaction


class ArchiveStateSerializer(serializers.Serializer[Any]):
    """How an archive stands."""

    state = serializers.ChoiceField(
        choices=["making", "review", "open", "revoked", "expired", "used_up", "gone"]
    )
    rows = serializers.IntegerField()
    made_at = serializers.DateTimeField(allow_null=True)
    released_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    downloads = serializers.IntegerField()
    most_downloads = serializers.IntegerField()


class ReleaseSerializer(KnownFields):
    """How long the person's link lasts."""

    days = serializers.IntegerField(default=DAYS, min_value=1, max_value=MOST_DAYS)
    downloads = serializers.IntegerField(default=DOWNLOADS, min_value=1, max_value=MOST_DOWNLOADS)


class RedactionSerializer(KnownFields):
    """What is withheld: a row, a field of it, or (without `row`) a field in all rows."""

    id = serializers.IntegerField(read_only=True)
    table = serializers.CharField(max_length=100)
    row = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=0,
        max_value=10_000_000,
        help_text="Its place in the table, from 0.",
    )
    field = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    ground = serializers.ChoiceField(choices=Redaction.Ground.choices)
    reason = serializers.CharField(max_length=2_000, help_text="For the team; not in the archive.")
    at = serializers.DateTimeField(read_only=True)


class RedactionsSerializer(serializers.Serializer[Any]):
    """All of one archive."""

    redactions = RedactionSerializer(many=True)


class OfOneArchive(OfOneRequest):
    """Base: whoever works with an archive may see personal data."""

    def archive_of(self, row: PrivacyRequest) -> PersonArchive:
        """The one that was made. Raises Problem."""
        self.look(row)
        found = PersonArchive.objects.select_related("request").filter(request=row).first()
        if found is None or found.made_at is None:
            raise Problem(409, detail=_("It is not made yet."))
        return found

    def look(self, row: PrivacyRequest) -> None:
        """Raises Problem for who may not, and for what has none."""
        if not self.may("people.personal"):
            raise Problem(403, detail=_("An archive needs the right to see personal data."))
        if row.type not in TYPES:
            raise Problem(409, detail=_("Only access and portability have an archive."))

    def tried(self, act: Callable[[], Any]) -> Any:
        """As of every request; a file that is not there any more is 409 too."""
        try:
            return super().tried(act)
        except FileNotFoundError as error:
            words = _("There is no file of it now. Make it anew.")
            raise Problem(409, detail=words) from error


class Archive(OfOneArchive):
    """What is held of the person."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, reference: str) -> HttpResponse:
        """Everything over every table, as JSON, without what is withheld, once it is made."""
        row = self.one(reference)
        self.look(row)
        if not PersonArchive.objects.filter(request=row, made_at__isnull=False).exists():
            if row.status == PrivacyRequest.Status.COMPLETED:
                raise Problem(404, detail=_("Nothing is held of this person."))
            raise Problem(409, detail=_("It is not made yet."))
        answer: HttpResponse = self.tried(lambda: download(self.archive_of(row), "json"))
        audit.record("privacy.archived", "privacy_request", str(row.public_id))
        return answer


class MakeArchive(OfOneArchive):
    """Made anew."""

    required: ClassVar = {"POST": EDIT}

    @extend_schema(
        request=None,
        responses={202: ArchiveStateSerializer},
    )
    def post(self, request: Request, reference: str) -> Response:
        """Have what is held now in it; what was withheld is withheld no more."""
        row = self.one(reference)
        self.look(row)
        self.tried(lambda: make_again(row))
        archive, _is_new = PersonArchive.objects.get_or_create(request=row)
        return Response(_state(archive), status=202)


class ReleaseArchive(OfOneArchive):
    """Handed over."""

    required: ClassVar = {"POST": EDIT}

    @extend_schema(
        request=ReleaseSerializer,
        responses=ArchiveStateSerializer,
    )
    def post(self, request: Request, reference: str) -> Response:
        """Send the person a link that ends, and close the request."""
        row, body = self.one(reference), self.checked(ReleaseSerializer)
        self.look(row)
        return Response(_state(self.tried(lambda: release(row, member_of(request), **body))))


class RevokeArchive(OfOneArchive):
    """The end of the link."""

    required: ClassVar = {"POST": EDIT}

    @extend_schema(
        request=None,
        responses=ArchiveStateSerializer,
    )
    def post(self, request: Request, reference: str) -> Response:
        """Nobody fetches it any more; it may be worked on and handed over anew."""
        row = self.one(reference)
        self.look(row)
        return Response(_state(self.tried(lambda: revoke(row))))


class Redactions(OfOneArchive):
    """What is withheld."""

    @extend_schema(responses=RedactionsSerializer)
    def get(self, request: Request, reference: str) -> Response:
        """All of it, with its grounds."""
        archive = self.archive_of(self.one(reference))
        return Response({"redactions": [_redaction(one) for one in archive.redactions.all()]})

    @extend_schema(
        request=RedactionSerializer,
        responses={201: RedactionSerializer},
    )
    def post(self, request: Request, reference: str) -> Response:
        """Withhold one place more, before it is handed over."""
        archive, body = self.archive_of(self.one(reference)), self.checked(RedactionSerializer)
        made = self.tried(lambda: redact(archive, user=member_of(request), **body))
        return Response(_redaction(made), status=201)


class OneRedaction(OfOneArchive):
    """One of them."""

    required: ClassVar = {"DELETE": EDIT}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, reference: str, number: str) -> Response:
        """Withhold it no more."""
        archive = self.archive_of(self.one(reference))
        if not archive.redactions.filter(pk=number_of(number)).exists():
            raise Problem(404, detail=_("That is not withheld."))
        self.tried(lambda: show_again(archive, number_of(number)))
        return Response(status=204)


def _state(archive: PersonArchive) -> dict[str, Any]:
    names = ("rows", "made_at", "released_at", "expires_at", "downloads", "most_downloads")
    return {"state": state_of(archive)} | {name: getattr(archive, name) for name in names}


def _redaction(one: Redaction) -> dict[str, Any]:
    names = ("table", "row", "field", "ground", "reason", "at")
    return {"id": one.pk} | {name: getattr(one, name) for name in names}
