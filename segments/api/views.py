"""/api/segments/: thin; the services and selectors know the rules."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.workspace import audit
from config.workspace.api.problems import Problem, invalid, pointer_to, refused
from config.workspace.api.revisions import problem_of as stale
from config.workspace.api.usage import problem_of as in_use
from config.workspace.api.usage import used_by
from config.workspace.api.views import ApiView
from config.workspace.lifecycle.revisions import Stale
from config.workspace.lifecycle.usage import InUse
from config.workspace.roles.callers import member_of
from config.workspace.roles.sight import DataKind
from config.workspace.work.pruning import before
from profiles.api.paging import PAGE_PARAMETERS
from profiles.language.reading.reader import RuleError
from profiles.selectors.masking import Shown, shown_to
from segments import services
from segments.api import serializers as shapes
from segments.api.asking import (
    asked_moment,
    given_revision,
    given_text,
    moment_of,
    too_long,
)
from segments.archiving import NotRestorable, archive_segment, restore_segment
from segments.builder.history import SavedRule, read_saved
from segments.builder.preview import preview
from segments.models import Membership, Segment
from segments.rules import parse_rule
from segments.rules.personal import masked_rule

SLUG = OpenApiParameter("slug", str, OpenApiParameter.PATH)
AS_OF = OpenApiParameter("as_of", str, description="Who was in at that moment (ISO 8601).")


BESIDE = ("slug", "name", "kind", "description", "revision")  # fields of a body beside the rule


def problem_of(error: RuleError) -> Problem:
    """400 with the JSON path of each problem; 409 where but the slug is taken.

    The rule's own paths begin at the rule, and their pointers at the body.
    """
    errors = [one | {"pointer": _pointer(one["path"])} for one in error.as_list()]
    return refused(errors)  # type: ignore[arg-type]


def _pointer(path: str) -> str:
    return pointer_to(path if path in BESIDE else f"rule.{path}")


def segment_of(slug: str) -> Segment:
    """The segment of the address. Raises Http404."""
    found = Segment.objects.filter(slug=slug, archived_at=None).first()
    if found is None:
        raise Http404(f"There is no segment {slug!r}.")
    return found


def answer_of(segment: Segment, *, shown: Shown) -> dict[str, Any]:
    """One segment as docs/integrators/rest.md has it; operands only for who may see them."""
    return {
        "slug": segment.slug,
        "name": segment.name,
        "kind": segment.kind,
        "description": segment.description,
        "rule": masked_rule(segment.rule, shown),
        "version": segment.version,
        "revision": segment.revision,
        "sentence": sentence_of(segment, shown=shown),
        "count": segment.count,
        "status": segment.status,
        "error": shown.failure(segment.error),
        "refreshed_at": segment.refreshed_at,
        "archived_at": segment.archived_at,
        "created_at": segment.created_at,
        "updated_at": segment.updated_at,
    }


def sentence_of(segment: Segment, *, shown: Shown) -> str:
    """The rule in words; empty where there is none or it cannot be read any more."""
    if segment.kind == Segment.Kind.STATIC:
        return ""
    try:
        return parse_rule(segment.rule).masked(shown).describe()
    except RuleError:
        return ""


class SegmentApi(ApiView):
    """What answers with a segment."""

    def answer(self, segment: Segment) -> dict[str, Any]:
        """As this caller may see it."""
        return answer_of(segment, shown=shown_to(self.request.user))


class SegmentsView(SegmentApi):
    """All segments; make one."""

    required = {"GET": "segments.view", "POST": "segments.edit"}

    @extend_schema(
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("kind", str, enum=Segment.Kind.values),
            OpenApiParameter("archived", bool, description="Those in the archive instead."),
        ],
        responses=shapes.SegmentPage,
    )
    def get(self, request: Request) -> Response:
        """Newest first; `?kind=` narrows, `?archived=true` shows the archive."""
        rows = Segment.objects.filter(archived_at__isnull=not _is_archived(request))
        if kind := request.query_params.get("kind"):
            if kind not in Segment.Kind.values:
                raise invalid("kind", f"One of: {', '.join(Segment.Kind.values)}.")
            rows = rows.filter(kind=kind)
        shown = shown_to(request.user)
        return self.paged(rows, lambda row: answer_of(row, shown=shown))

    @extend_schema(request=shapes.NewSegment, responses={201: shapes.SegmentSerializer})
    def post(self, request: Request) -> Response:
        """Make one; its members are counted at once in the background."""
        body = self.known(shapes.NewSegment)
        try:
            segment = services.create_segment(
                slug=body.get("slug"),  # type: ignore[arg-type]
                name=body.get("name"),  # type: ignore[arg-type]
                kind=body.get("kind", Segment.Kind.DYNAMIC),
                rule=body.get("rule"),
                description=given_text(body, "description"),
                shown=shown_to(request.user),
                user=member_of(request),
            )
        except RuleError as error:
            raise problem_of(error) from error
        return Response(self.answer(segment), status=201)


class SegmentView(SegmentApi):
    """One segment."""

    required = {"GET": "segments.view", "PATCH": "segments.edit", "DELETE": "segments.edit"}

    @extend_schema(parameters=[SLUG], responses=shapes.SegmentSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """How it stands, and who uses it."""
        segment = segment_of(slug)
        return Response(self.answer(segment) | {"used_by": used_by("segment", segment.slug)})

    @extend_schema(
        parameters=[SLUG], request=shapes.SegmentChange, responses=shapes.SegmentSerializer
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Change name, description or rule; a changed rule is a new version.

        409 where it was changed since the `revision` that is given.
        """
        body = self.known(shapes.SegmentChange)
        try:
            segment = services.update_segment(
                segment_of(slug),
                name=body.get("name"),
                rule=body.get("rule"),
                description=given_text(body, "description") if "description" in body else None,
                shown=shown_to(request.user),
                user=member_of(request),
                revision=given_revision(body),
            )
        except RuleError as error:
            raise problem_of(error) from error
        except Stale as error:
            raise stale(error) from error
        return Response(self.answer(segment))

    @extend_schema(parameters=[SLUG], responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        """Archive it: 409 naming its users while a rule or a campaign under way needs it."""
        try:
            archive_segment(segment_of(slug))
        except InUse as error:
            raise in_use(error) from error
        return Response(status=204)


class RestoreView(SegmentApi):
    """Out of the archive."""

    required = {"POST": "segments.edit"}

    @extend_schema(parameters=[SLUG], request=None, responses=shapes.SegmentSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Back into use: a rule is counted anew, a list holds again whom it held."""
        segment = Segment.objects.filter(slug=slug).first()
        if segment is None:
            raise Http404(f"There is no segment {slug!r}.")
        try:
            return Response(self.answer(restore_segment(segment)))
        except NotRestorable as error:
            raise Problem(409, detail=str(error)) from error


class VersionsView(ApiView):
    """The rules of a segment as they were saved."""

    required = {"GET": "segments.view"}

    @extend_schema(parameters=[SLUG, *PAGE_PARAMETERS], responses=shapes.SegmentVersionPage)
    def get(self, request: Request, slug: str) -> Response:
        """The newest first: who saved it, and what it did to the people."""
        rows = segment_of(slug).versions.select_related("created_by")
        shown = shown_to(request.user)
        page = self.paged(rows, lambda row: row, ordering=("-number", "-id"))
        read = read_saved(page.data["results"], shown)
        page.data["results"] = [_version(one) for one in read]
        return page


def _version(saved: SavedRule) -> dict[str, Any]:
    row = saved.row
    return {
        "version": row.number,
        "at": row.created_at,
        "by": row.created_by.get_username() if row.created_by else None,
        "count": row.count,
        "entered": row.came,
        "left": row.went,
        "sentence": saved.said.describe() if saved.said else "",
        "rule": saved.rule,
    }


class DuplicateView(SegmentApi):
    """A copy of a segment."""

    required = {"POST": "segments.edit"}

    @extend_schema(parameters=[SLUG], request=None, responses={201: shapes.SegmentSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """The same under a name of its own; of a list, with whoever is in now."""
        try:
            copy = services.duplicate(
                segment_of(slug), shown=shown_to(request.user), user=member_of(request)
            )
        except RuleError as error:
            raise problem_of(error) from error
        return Response(self.answer(copy), status=201)


class PreviewView(ApiView):
    """Who a rule would give; stores nothing."""

    required = {"POST": "segments.view"}

    @extend_schema(request=shapes.PreviewRequest, responses=shapes.PreviewSerializer)
    def post(self, request: Request) -> Response:
        """Count, share, reachability and five people."""
        body = self.known(shapes.PreviewRequest)
        as_of = None
        if body.get("as_of") is not None:
            as_of = moment_of(body["as_of"], "as_of")
        shown = shown_to(request.user)
        try:
            rule = services.read_rule(body.get("rule"), shown=shown)
            found = preview(rule, as_of)  # type: ignore[arg-type]
        except RuleError as error:
            raise problem_of(error) from error
        except OperationalError as error:
            raise too_long(error, "This rule takes too long to count.") from error
        if shown.sees(DataKind.NAME) and found.sample:
            people = [person.pk for person in found.sample]
            audit.record("profile.listed", "profile", fields=["display_name"], people=people)
        return Response(
            {
                "count": found.count,
                "share": found.share,
                "reachable": found.reachable,
                "sample": [
                    {"id": str(each.public_id), "display_name": shown.name(each.display_name)}
                    for each in found.sample
                ],
                "sentence": rule.masked(shown).describe(),  # type: ignore[union-attr]
                "took_ms": found.took_ms,
            }
        )


class RefreshView(SegmentApi):
    """Count a segment anew."""

    required = {"POST": "segments.edit"}

    @extend_schema(parameters=[SLUG], request=None, responses={202: shapes.SegmentSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Soon, in the background; `status` of the segment tells when it is done."""
        segment = segment_of(slug)
        services.request_refresh(segment)
        segment.refresh_from_db()
        return Response(self.answer(segment), status=202)


class MembersView(ApiView):
    """Who is in."""

    required = {"GET": "segments.view", "POST": "segments.edit", "DELETE": "segments.edit"}

    @extend_schema(
        parameters=[SLUG, *PAGE_PARAMETERS, AS_OF],
        responses=shapes.MemberPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Members by when they came in, newest first; `?as_of=` as it was at a moment."""
        row = segment_of(slug)
        rows = Membership.objects.filter(segment=row).select_related("profile")
        as_of = asked_moment(request, "as_of")
        if as_of is not None:
            _refuse_forgotten(row, as_of)
            was_in = Q(left_at=None) | Q(left_at__gt=as_of)
            rows = rows.filter(was_in, entered_at__lte=as_of)
        else:
            rows = rows.filter(left_at=None)
        seen: list[int] = []

        def member(membership: Membership) -> dict[str, Any]:
            seen.append(membership.profile_id)
            return _member(membership)

        page = self.paged(rows, member, ordering=("-entered_at", "-profile_id"))
        audit.record("profile.listed", "profile", people=seen)
        return page

    @extend_schema(parameters=[SLUG], request=shapes.People, responses=shapes.Added)
    def post(self, request: Request, slug: str) -> Response:
        """Add people to a static segment."""
        segment, people = self._list(request, slug)
        done = services.add_members(segment, people, shown=shown_to(request.user))
        return Response({"added": done.changed, "unknown": done.unknown})

    @extend_schema(parameters=[SLUG], request=shapes.People, responses=shapes.Removed)
    def delete(self, request: Request, slug: str) -> Response:
        """Take people out of a static segment."""
        segment, people = self._list(request, slug)
        done = services.remove_members(segment, people, shown=shown_to(request.user))
        return Response({"removed": done.changed, "unknown": done.unknown})

    def _list(self, request: Request, slug: str) -> tuple[Segment, list[str]]:
        segment = segment_of(slug)
        if segment.kind != Segment.Kind.STATIC:
            raise Problem(409, detail="Only a static segment's members are put in by hand.")
        return segment, self.checked(shapes.People)["people"]


def _is_archived(request: Request) -> bool:
    given = request.query_params.get("archived", "false")
    if given not in ("true", "false"):
        raise invalid("archived", "One of: true, false.")
    return given == "true"


def _refuse_forgotten(segment: Segment, as_of: datetime) -> None:
    """Who left so long ago is not known any more (`segments.members.pruning`). Raises Problem."""
    left = before(timezone.now(), "MEMBERSHIP_DAYS")
    if left and segment.created_at <= as_of < left and segment.kind == Segment.Kind.DYNAMIC:
        message = _("Who was in a segment by a rule is kept for %(n)d days (MEMBERSHIP_DAYS).")
        raise invalid("as_of", message % {"n": settings.MEMBERSHIP_DAYS}, "too_old")


def _member(row: Membership) -> dict[str, Any]:
    return {"profile": str(row.profile.public_id), "entered_at": row.entered_at}
