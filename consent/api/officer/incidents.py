"""Incidents over REST."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.workspace.api.fields import KnownFields
from config.workspace.api.problems import Problem, invalid
from config.workspace.api.views import ApiView
from config.workspace.roles.callers import member_of
from consent.incidents import reporting
from consent.models import Incident
from profiles.api.paging import PAGE_PARAMETERS
from profiles.selectors.finding import as_uuid
from profiles.selectors.masking import Shown, shown_to

VIEW, EDIT = "privacy.view", "privacy.edit"


class NewIncidentSerializer(KnownFields):
    """By what, and when."""

    title = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(choices=Incident.Kind.choices)
    subject_id = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, help_text="The number of the user, key, source, webhook."
    )
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(help_text="Exclusive.")
    known_at = serializers.DateTimeField(help_text="The laws' clocks run from then.")
    note = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")


class IncidentClockSerializer(serializers.Serializer[Any]):
    """By when whom."""

    law = serializers.CharField()
    told = serializers.ChoiceField(choices=["authority", "people"])
    people = serializers.IntegerField()
    due_at = serializers.DateTimeField()
    told_at = serializers.DateTimeField(allow_null=True)
    origin = serializers.CharField()


class NumberOfSerializer(serializers.Serializer[Any]):
    """A name and a number of people."""

    name = serializers.CharField(allow_blank=True)
    people = serializers.IntegerField()


class IncidentSerializer(serializers.Serializer[Any]):
    """One incident, as it was counted last."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=Incident.Kind.choices)
    subject = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    known_at = serializers.DateTimeField()
    note = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(choices=Incident.Status.choices)
    people = serializers.IntegerField()
    erased = serializers.IntegerField()
    nameless = serializers.IntegerField(help_text="Lists of which is not kept whom they showed.")
    fields = NumberOfSerializer(many=True)  # type: ignore[assignment]
    countries = NumberOfSerializer(many=True)
    clocks = IncidentClockSerializer(many=True)
    counted_at = serializers.DateTimeField()


class IncidentsSerializer(serializers.Serializer[Any]):
    """A page of them."""

    results = IncidentSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class Incidents(ApiView):
    """What went wrong with data of people."""

    required: ClassVar = {"GET": VIEW, "POST": EDIT}

    @extend_schema(parameters=PAGE_PARAMETERS, responses=IncidentsSerializer)
    def get(self, request: Request) -> Response:
        """The newest first."""
        shown = shown_to(self.request.user)
        return self.paged(Incident.objects.all(), lambda row: incident_answer(row, shown), "-id")

    @extend_schema(
        request=NewIncidentSerializer,
        responses={201: IncidentSerializer},
    )
    def post(self, request: Request) -> Response:
        """Write one down; whom it touched is counted at once."""
        user = member_of(request)
        try:
            row = reporting.report(self.checked(NewIncidentSerializer), user)
        except reporting.IncidentRefused as error:
            raise invalid(error.path, str(error)) from error
        return Response(incident_answer(row, shown_to(self.request.user)), status=201)


class OneIncident(ApiView):
    """One of them."""

    required: ClassVar = {"GET": VIEW}

    @extend_schema(responses=IncidentSerializer)
    def get(self, request: Request, reference: str) -> Response:
        """As it was counted last."""
        public_id = as_uuid(reference)
        row = Incident.objects.filter(public_id=public_id).first() if public_id else None
        if row is None:
            raise Problem(404, detail="There is no such incident.")
        return Response(incident_answer(row, shown_to(self.request.user)))


def incident_answer(row: Incident, shown: Shown) -> dict[str, Any]:
    """One incident."""
    counted = row.counted
    return {
        "id": row.public_id,
        "title": shown.text(row.title),
        "kind": row.kind,
        "subject": row.subject_name,
        "since": row.since,
        "until": row.until,
        "known_at": row.known_at,
        "note": shown.text(row.note),
        "status": row.status,
        **{name: counted.get(name, 0) for name in ("people", "erased", "nameless")},
        "fields": [{"name": shown.text(n), "people": p} for n, p in counted.get("fields", [])],
        "countries": [{"name": n, "people": p} for n, p in counted.get("countries", [])],
        "clocks": [
            {
                "law": one.clock.law,
                "told": one.clock.told,
                "people": one.people,
                "due_at": one.due_at,
                "told_at": one.told_at,
                "origin": one.clock.origin,
            }
            for one in reporting.clocks(row)
        ],
        "counted_at": row.counted_at,
    }
