"""The policy table: what law asks where, versioned; a change can be tried before it is made."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.workspace.api.fields import AsWritten, KnownFields
from config.workspace.api.pagination import listed
from config.workspace.api.problems import Problem, invalid
from config.workspace.api.views import ApiView
from consent.api.views import AS_OF, as_of_of
from consent.models import Policy
from consent.policy.changing import (
    COLUMNS,
    BadPolicy,
    as_it_would_be,
    change_policy,
    create_policy,
    said_of,
    table_as_of,
)
from consent.reach.dry_run import effects_of
from profiles.api.paging import PAGE_PARAMETERS

SLUG = OpenApiParameter("slug", str, OpenApiParameter.PATH)


class PolicySerializer(serializers.Serializer[Any]):
    """One row."""

    slug = serializers.CharField()
    name = serializers.CharField()
    place = serializers.CharField(help_text="FR, US-CA, EEA, * (every other), ZZ (not known).")
    channel = serializers.CharField(allow_blank=True)
    purpose_class = serializers.CharField(allow_blank=True)
    purpose = serializers.CharField(allow_blank=True)
    terms = serializers.DictField()
    law = serializers.CharField(allow_blank=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment] # the column's name
    valid_from = serializers.DateField(allow_null=True)
    valid_until = serializers.DateField(allow_null=True)
    is_on = serializers.BooleanField()
    version = serializers.IntegerField()


class PoliciesSerializer(serializers.Serializer[Any]):
    """A list of them."""

    results = PolicySerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class PolicyChangeSerializer(KnownFields):
    """What is to be said anew, and why; what is left out stays."""

    name = AsWritten(required=False, max_length=200)
    place = AsWritten(required=False, max_length=6)
    channel = AsWritten(required=False, allow_blank=True, max_length=15)
    purpose_class = AsWritten(required=False, allow_blank=True, max_length=14)
    purpose = AsWritten(required=False, allow_blank=True, max_length=60)
    terms = serializers.DictField(required=False)
    law = AsWritten(required=False, allow_blank=True, max_length=300)
    source = AsWritten(  # type: ignore[assignment] # the column's name
        required=False, allow_blank=True, max_length=300
    )
    valid_from = serializers.DateField(required=False, allow_null=True)
    valid_until = serializers.DateField(required=False, allow_null=True)
    is_on = serializers.BooleanField(required=False)
    why = AsWritten(required=False, allow_blank=True, default="", max_length=300)


class NewPolicySerializer(PolicyChangeSerializer):
    """A new row."""

    slug = serializers.SlugField(max_length=60)


class PolicyVersionSerializer(serializers.Serializer[Any]):
    """What a row said from then on."""

    version = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor = serializers.CharField(allow_blank=True)
    why = serializers.CharField(allow_blank=True)
    said = serializers.DictField()


class PolicyVersionsSerializer(serializers.Serializer[Any]):
    """A list of them."""

    results = PolicyVersionSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class PolicyEffectSerializer(serializers.Serializer[Any]):
    """So many people of a place."""

    what = serializers.ChoiceField(
        choices=[(name, name) for name in ("lose", "gain", "unmeasured", "measured", "under")]
    )
    place = serializers.CharField()
    people = serializers.IntegerField()
    channel = serializers.CharField(allow_blank=True)
    purpose = serializers.CharField(allow_blank=True)
    term = serializers.CharField(allow_blank=True)


class PolicyEffectsSerializer(serializers.Serializer[Any]):
    """What a change would do."""

    effects = PolicyEffectSerializer(many=True)


class Policies(ApiView):
    """The whole table."""

    required: ClassVar = {"GET": "consents.view", "POST": "policies.edit"}

    @extend_schema(
        parameters=[*PAGE_PARAMETERS, OpenApiParameter("place", str), AS_OF],
        responses=PoliciesSerializer,
    )
    def get(self, request: Request) -> Response:
        """Every row as it is, or as it was said at `as_of`."""
        moment = as_of_of(request)
        rows = table_as_of(moment).rows if moment else Policy.objects.select_related("purpose")
        place = request.query_params.get("place")
        found = [policy_answer(row) for row in rows if not place or row.place == place]
        return listed(request, sorted(found, key=lambda one: one["slug"]), "slug")

    @extend_schema(
        request=NewPolicySerializer,
        responses={201: PolicySerializer},
    )
    def post(self, request: Request) -> Response:
        """A new row; `why` is wanted."""
        body = self.checked(NewPolicySerializer)
        why = body.pop("why")
        try:
            return Response(policy_answer(create_policy(body, why=why)), status=201)
        except BadPolicy as error:
            raise invalid(error.field, str(error)) from error


class OnePolicy(ApiView):
    """GET and PATCH /api/policies/SLUG/."""

    required: ClassVar = {"GET": "consents.view", "PATCH": "policies.edit"}

    @extend_schema(parameters=[SLUG], responses=PolicySerializer)
    def get(self, request: Request, slug: str) -> Response:
        """One row as it is now."""
        return Response(policy_answer(_policy(slug)))

    @extend_schema(
        parameters=[SLUG],
        request=PolicyChangeSerializer,
        responses=PolicySerializer,
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Say it anew: a version more. `why` is wanted."""
        row, body = _policy(slug), self.checked(PolicyChangeSerializer)
        why = body.pop("why")
        try:
            return Response(policy_answer(change_policy(row, body, why=why)))
        except BadPolicy as error:
            raise invalid(error.field, str(error)) from error


class PolicyDryRun(ApiView):
    """What a change would do, in people, without making it."""

    required: ClassVar = {"POST": "policies.edit"}

    @extend_schema(
        parameters=[SLUG],
        request=PolicyChangeSerializer,
        responses=PolicyEffectsSerializer,
    )
    def post(self, request: Request, slug: str) -> Response:
        """As a PATCH of the same body, and nothing is kept."""
        body = self.checked(PolicyChangeSerializer)
        body.pop("why")
        try:
            effects = effects_of(as_it_would_be(_policy(slug), body))
        except BadPolicy as error:
            raise invalid(error.field, str(error)) from error
        return Response({"effects": [vars(one) for one in effects]})


class PolicyVersions(ApiView):
    """What a row said, and when."""

    required: ClassVar = {"GET": "consents.view"}

    @extend_schema(
        parameters=[SLUG, *PAGE_PARAMETERS],
        responses=PolicyVersionsSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Newest first."""
        names = ("version", "at", "actor", "why", "said")
        rows = _policy(slug).versions.order_by("-version").values(*names)
        return listed(request, list(rows), "version")


def policy_answer(row: Policy) -> dict[str, Any]:
    """A row as the API has it."""
    said = said_of(row)
    return {name: said[name] for name in COLUMNS} | {"version": row.version}


def _policy(slug: str) -> Policy:
    found = Policy.objects.select_related("purpose").filter(slug=slug).first()
    if found is None:
        raise Problem(404, detail=_("There is no such policy."))
    return found
