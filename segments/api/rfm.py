"""/api/insights/rfm/: the groups, and where people went between two moments."""

from typing import Any

from django.db import OperationalError
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.workspace.api.problems import invalid
from config.workspace.api.views import ApiView
from profiles.selectors.masking import shown_to
from segments.api.asking import asked_moment, too_long
from segments.insight.rfm.grid import rfm_grid, rfm_migration

TOO_LONG = "This takes too long to count."
AT = OpenApiParameter("at", str, description="The moment (ISO 8601); absent: now.")
FROM = OpenApiParameter("from", str, required=True, description="The earlier moment (ISO 8601).")
TO = OpenApiParameter("to", str, description="The later moment (ISO 8601); absent: now.")


class RfmGroupSerializer(serializers.Serializer[Any]):
    """One group."""

    name = serializers.CharField()
    people = serializers.IntegerField()
    revenue = serializers.FloatField(help_text="What the event was worth, in workspace currency.")


class RfmSerializer(serializers.Serializer[Any]):
    """Everybody who did the event in the look-back."""

    event = serializers.CharField()
    days = serializers.IntegerField()
    at = serializers.DateTimeField()
    people = serializers.IntegerField()
    groups = RfmGroupSerializer(many=True)
    grid = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="`grid[r - 1][f - 1]`: people with that recency and frequency, from 1 to 5.",
    )
    map = serializers.DictField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="Which cells (three digits: recency, frequency, money) are in which group.",
    )


class RfmMoveSerializer(serializers.Serializer[Any]):
    """From a group into a group."""

    people = serializers.IntegerField()

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python."""
        names = {"from": serializers.CharField(), "to": serializers.CharField()}
        return names | super().get_fields()


class RfmMigrationSerializer(serializers.Serializer[Any]):
    """Those who were eligible at both moments."""

    moves = RfmMoveSerializer(many=True)


class RfmView(ApiView):
    """RFM groups."""

    required = {"GET": "segments.view"}

    @extend_schema(parameters=[AT], responses=RfmSerializer)
    def get(self, request: Request) -> Response:
        """The groups with their people and money, the grid and the map, at a moment."""
        moment = asked_moment(request, "at") or timezone.now()
        try:
            found = rfm_grid(moment)
        except OperationalError as error:
            raise too_long(error, TOO_LONG) from error
        return Response(
            {
                "event": shown_to(request.user).event(found.terms.event),
                "days": found.terms.days,
                "at": found.at,
                "people": found.people,
                "groups": [
                    {"name": one.name, "people": one.people, "revenue": one.revenue}
                    for one in found.lines
                ],
                "grid": found.grid,
                "map": found.map,
            }
        )


class RfmMigrationView(ApiView):
    """RFM groups at two moments."""

    required = {"GET": "segments.view"}

    @extend_schema(parameters=[FROM, TO], responses=RfmMigrationSerializer)
    def get(self, request: Request) -> Response:
        """How many went from which group into which; those who stayed too."""
        start, end = asked_moment(request, "from"), asked_moment(request, "to") or timezone.now()
        if start is None:
            raise invalid("from", "This is needed: a time such as 2026-11-20T09:00Z.", "required")
        if start >= end:
            raise invalid("to", "This must be after `from`.")
        try:
            found = rfm_migration(start, end)
        except OperationalError as error:
            raise too_long(error, TOO_LONG) from error
        return Response({"moves": [{"from": a, "to": b, "people": n} for a, b, n in found]})
