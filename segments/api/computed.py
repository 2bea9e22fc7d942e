"""/api/computed-traits/: thin; `segments.insight.computed` knows the rules."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import OperationalError
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.workspace.api.problems import Problem, refused
from config.workspace.api.revisions import problem_of as stale
from config.workspace.api.usage import problem_of as in_use
from config.workspace.api.usage import used_by
from config.workspace.api.views import ApiView
from config.workspace.lifecycle.revisions import Stale
from config.workspace.lifecycle.usage import InUse
from config.workspace.roles.callers import member_of
from profiles.api.fields import PROFILE_FIELDS
from profiles.api.paging import PAGE_PARAMETERS
from profiles.language.reading.reader import RuleError
from profiles.selectors.masking import FieldPlace, Shown, shown_to
from segments.api import computed_shapes as shapes
from segments.api.asking import given_revision, given_text, too_long
from segments.insight.computed import saving
from segments.insight.computed.preview import preview
from segments.insight.computed.reading import computed_of, seen
from segments.models import ComputedTrait
from segments.rules.computed import FIELDS, read_computed
from segments.rules.personal import masked_rule

NAME = OpenApiParameter("name", str, OpenApiParameter.PATH)


def trait_of(name: str) -> ComputedTrait:
    """The one of the address. Raises Http404."""
    found = ComputedTrait.objects.filter(name=name).first()
    if found is None:
        raise Http404(f"There is no computed trait {name!r}.")
    return found


def answer_of(trait: ComputedTrait, *, shown: Shown) -> dict[str, Any]:
    """One as docs/integrators/rest.md has it; operands only for who may see them."""
    parts = masked_rule(trait.definition, shown)
    return {
        "name": trait.name,
        "description": trait.description,
        "event": shown.event(parts["event"]),
        "where": parts.get("where") or [],
        "window": parts.get("window"),
        "measure": parts.get("measure") or {"agg": "count"},
        "sentence": sentence_of(trait, shown=shown),
        "people": trait.people,
        "status": trait.status,
        "error": shown.failure(trait.error),
        "refreshed_at": trait.refreshed_at,
        "revision": trait.revision,
        "created_at": trait.created_at,
        "updated_at": trait.updated_at,
    }


def sentence_of(trait: ComputedTrait, *, shown: Shown) -> str:
    """It in words; empty where it names an event that is hidden, or cannot be read any more."""
    try:
        definition = read_computed(trait.definition, is_new=False)
    except RuleError:
        return ""
    if not shown.may_ask(FieldPlace.EVENT, definition.did.name):
        return ""
    return definition.masked(shown).describe()


def problem_of(error: RuleError) -> Problem:
    """400 with the JSON path of each problem; 409 where but the name is taken."""
    return refused(error.as_list())  # type: ignore[arg-type]


class ComputedTraitsView(ApiView):
    """All computed traits; make one."""

    required = {"GET": "segments.view", "POST": "segments.edit"}

    @extend_schema(parameters=PAGE_PARAMETERS, responses=shapes.ComputedTraitPage)
    def get(self, request: Request) -> Response:
        """Newest first."""
        shown = shown_to(request.user)
        return self.paged(ComputedTrait.objects.all(), lambda row: answer_of(row, shown=shown))

    @extend_schema(request=shapes.NewComputedTrait, responses={201: shapes.ComputedTraitSerializer})
    def post(self, request: Request) -> Response:
        """Make one; it is worked out of everybody at once in the background."""
        body, shown = self.known(shapes.NewComputedTrait), shown_to(request.user)
        try:
            trait = saving.create_trait(
                name=body.get("name"),
                definition=_parts(body),
                description=given_text(body, "description"),
                shown=shown,
                user=member_of(request),
            )
        except RuleError as error:
            raise problem_of(error) from error
        return Response(answer_of(trait, shown=shown), status=201)


class ComputedTraitView(ApiView):
    """One computed trait."""

    required = {"GET": "segments.view", "PATCH": "segments.edit", "DELETE": "segments.edit"}

    @extend_schema(parameters=[NAME], responses=shapes.ComputedTraitSerializer)
    def get(self, request: Request, name: str) -> Response:
        """How it stands, and who uses it."""
        trait = trait_of(name)
        answer = answer_of(trait, shown=shown_to(request.user))
        return Response(answer | {"used_by": used_by("trait", trait.name)})

    @extend_schema(
        parameters=[NAME],
        request=shapes.ComputedTraitChange,
        responses=shapes.ComputedTraitSerializer,
    )
    def patch(self, request: Request, name: str) -> Response:
        """Change the description or what it is worked out of; its name stays.

        409 where it was changed since the `revision` that is given.
        """
        body, shown = self.known(shapes.ComputedTraitChange), shown_to(request.user)
        try:
            trait = saving.update_trait(
                trait_of(name),
                parts=_parts(body),
                description=given_text(body, "description") if "description" in body else None,
                shown=shown,
                revision=given_revision(body),
            )
        except RuleError as error:
            raise problem_of(error) from error
        except Stale as error:
            raise stale(error) from error
        return Response(answer_of(trait, shown=shown))

    @extend_schema(parameters=[NAME], responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        """Take it away with its values: 409 naming its users while anything names it."""
        try:
            saving.delete_trait(trait_of(name))
        except InUse as error:
            raise in_use(error) from error
        return Response(status=204)


class ComputedRefreshView(ApiView):
    """Work one out anew."""

    required = {"POST": "segments.edit"}

    @extend_schema(parameters=[NAME], request=None, responses={202: shapes.ComputedTraitSerializer})
    def post(self, request: Request, name: str) -> Response:
        """Soon, in the background; `status` tells when it is done."""
        trait = trait_of(name)
        saving.refresh_trait(trait)
        trait.refresh_from_db()
        return Response(answer_of(trait, shown=shown_to(request.user)), status=202)


class ComputedPreviewView(ApiView):
    """What one would be; stores nothing."""

    required = {"POST": "segments.view"}

    @extend_schema(request=shapes.ComputedParts, responses=shapes.ComputedPreviewSerializer)
    def post(self, request: Request) -> Response:
        """Of how many people there is a value, and which are usual."""
        body, shown = self.known(shapes.ComputedParts), shown_to(request.user)
        try:
            definition = saving.read_definition(_parts(body), shown)
            found = preview(definition)
        except RuleError as error:
            raise problem_of(error) from error
        except OperationalError as error:
            raise too_long(error, "This takes too long to work out.") from error
        lowest, median, average, highest = found.numbers or (None, None, None, None)
        return Response(
            {
                "people": found.people,
                "share": found.share,
                "sentence": definition.masked(shown).describe(),
                "lowest": lowest,
                "median": median,
                "average": average,
                "highest": highest,
                "often": [
                    {"value": seen(definition, "", value, shown), "people": n}
                    for value, n in found.often
                ],
                "took_ms": found.took_ms,
            }
        )


def _parts(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in FIELDS if name in body}


@PROFILE_FIELDS.register("computed")
def computed_values(profile_ids: Sequence[int], shown: Shown) -> dict[int, Any]:
    """Each computed trait of each person; two queries."""
    return computed_of(profile_ids, shown=shown)
