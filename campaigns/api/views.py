"""Campaigns, senders and content under /api/."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, cast

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api import serializers as shapes
from campaigns.api.content_views import WrongField, render_content, render_mjml
from campaigns.content.errors import ContentError
from campaigns.content.sandbox.calls import NoPlace
from campaigns.engine.status import WrongStatus
from campaigns.engine.steps import rules_of
from campaigns.models import Campaign
from campaigns.outcomes.report import report
from campaigns.plan import nodes
from campaigns.services.drafts import (
    MAY_GO_ON,
    create_campaign,
    delete_draft,
    drop_next,
    update_campaign,
    update_next,
)
from campaigns.services.launching import NotReady, cancel, launch, pause, resume, undo
from campaigns.services.rehearsing import rehearse
from campaigns.services.shapes import InvalidCampaign
from campaigns.services.shown import Differs, ShownDraft
from config.workspace.api import problems
from config.workspace.api.problems import FieldError, Problem, invalid, taken
from config.workspace.api.revisions import problem_of as stale
from config.workspace.api.usage import problem_of
from config.workspace.api.views import ApiView
from config.workspace.lifecycle.revisions import Stale
from config.workspace.lifecycle.usage import InUse
from config.workspace.roles.callers import member_of
from profiles.api.paging import PAGE_PARAMETERS, answer_page
from profiles.api.serializers import pages_of
from profiles.language.reading.reader import RuleError
from profiles.selectors.masking import shown_to
from segments.rules import read_rule
from segments.rules.personal import refuse_personal, refuse_properties

EDIT, VIEW, LAUNCH = "campaigns.edit", "campaigns.view", "campaigns.launch"


def refused(error: InvalidCampaign) -> Problem:
    """400 with the JSON paths; 409 where all that is wrong is a slug that is taken."""
    return problems.refused(error.errors)


def found(slug: str) -> Campaign:
    """The campaign of the address. Raises Http404."""
    return get_object_or_404(Campaign.objects.select_related("sender", "current"), slug=slug)


def refuse_personal_goal(view: ApiView, body: Mapping[str, Any]) -> None:
    """A goal asks by properties, as a rule does. Raises Problem."""
    goal = body.get("goal")
    where = goal.get("where") if isinstance(goal, Mapping) else None
    if not isinstance(where, list):
        return
    names = [str(test.get("property", "")) for test in where if isinstance(test, Mapping)]
    try:
        refuse_properties(names, "goal.where", shown_to(view.request.user))
    except RuleError as error:
        raise Problem(400, detail=str(error.reason), errors=error.as_list()) from error  # type: ignore[arg-type]


def refuse_personal_steps(view: ApiView, body: Mapping[str, Any]) -> None:
    """The rules of its ways ask as a segment's does; what cannot be read is the service's to say.

    Raises Problem.
    """
    shown = shown_to(view.request.user)
    for node in nodes(body.get("steps")):
        for rule in rules_of(node.step):
            try:
                group, notes = read_rule(rule, has_entry=True)
                if not notes.problems:
                    refuse_personal(group, shown)
            except RuleError as error:
                errors = [one | {"path": f"{node.path}.{one['path']}"} for one in error.as_list()]
                raise Problem(400, detail=str(error.reason), errors=errors) from error  # type: ignore[arg-type]


class Campaigns(ApiView):
    """Campaigns and journeys: one model."""

    required: ClassVar = {"GET": VIEW, "POST": EDIT}

    @extend_schema(
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("status", str, enum=list(Campaign.Status.values)),
        ],
        responses=pages_of(shapes.CampaignAnswer),
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows: QuerySet[Campaign] = Campaign.objects.select_related("sender")
        status = request.query_params.get("status")
        if status is not None:
            if status not in Campaign.Status.values:
                raise invalid("status", f"One of: {', '.join(Campaign.Status.values)}.")
            rows = rows.filter(status=status)
        shown = shown_to(request.user)
        return answer_page(
            self, rows, lambda page: [shapes.campaign_answer(c, shown=shown) for c in page]
        )

    @extend_schema(
        request=shapes.CampaignBody,
        responses={201: shapes.CampaignAnswer},
    )
    def post(self, request: Request) -> Response:
        """A draft. 400 with JSON paths; 409 for a slug that is taken."""
        body = self.checked(shapes.CampaignBody)
        refuse_personal_goal(self, body)
        refuse_personal_steps(self, body)
        if Campaign.objects.filter(slug=body["slug"]).exists():
            raise _taken()
        try:
            with transaction.atomic():
                campaign = create_campaign(body, user=member_of(request))
        except InvalidCampaign as error:
            raise refused(error) from error
        except IntegrityError as error:
            raise _taken() from error
        return Response(shapes.campaign_answer(campaign, shown=shown_to(request.user)), status=201)


def _taken() -> Problem:
    return taken("slug", "A campaign has this slug already.")


class OneCampaign(ApiView):
    """One campaign by its slug."""

    required: ClassVar = {"GET": VIEW, "PATCH": EDIT, "DELETE": EDIT}

    @extend_schema(responses=shapes.CampaignAnswer)
    def get(self, request: Request, slug: str) -> Response:
        """The campaign with its status, and what it uses."""
        campaign = found(slug)
        return Response(
            shapes.campaign_answer(campaign, shown=shown_to(request.user))
            | {"uses": shapes.uses_answer(campaign)}
        )

    @extend_schema(
        request=shapes.CampaignPatch,
        responses=shapes.CampaignAnswer,
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Change a draft, or of a campaign that runs the draft of its next version, which touches
        nobody on the way. 409 where it was changed since the `revision` that is given.
        """
        campaign = found(slug)
        body = self.checked(shapes.CampaignPatch)
        revision = body.pop("revision", None)
        refuse_personal_goal(self, body)
        refuse_personal_steps(self, body)
        try:
            with transaction.atomic():
                update = update_next if campaign.status in MAY_GO_ON else update_campaign
                changed = update(campaign, body, revision=revision)
        except InvalidCampaign as error:
            raise refused(error) from error
        except WrongStatus as error:
            raise Problem(409, detail=str(error)) from error
        except Stale as error:
            raise stale(error) from error
        except IntegrityError as error:
            raise _taken() from error
        return Response(shapes.campaign_answer(changed, shown=shown_to(request.user)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        """Throw a draft away; what was launched stays."""
        try:
            delete_draft(found(slug))
        except InUse as error:
            raise problem_of(error) from error
        except WrongStatus as error:
            raise Problem(409, detail=str(error)) from error
        return Response(status=204)


class Draft(ApiView):
    """The draft of the next version."""

    required: ClassVar = {"DELETE": EDIT}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        """Throw it away; what runs goes on."""
        drop_next(found(slug))
        return Response(status=204)


class Rehearse(ApiView):
    """A dry run."""

    required: ClassVar = {"POST": VIEW}

    @extend_schema(
        request=None,
        responses={202: shapes.RehearsalAnswer},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Who would get it now, and who would not and why; nothing is kept."""
        campaign = found(slug)
        try:
            outcome = rehearse(campaign)
        except InvalidCampaign as error:
            raise refused(error) from error
        except NotReady as error:
            raise _not_ready(error) from error
        return Response(
            {
                "audience": outcome.audience,
                "excluded": outcome.excluded,
                "excluded_details": outcome.details,
                "recipients": outcome.recipients,
                "control": outcome.control,
                "earlier": {
                    "of": outcome.earlier.of,
                    "same_mail": outcome.earlier.same,
                    "marketing_lately": outcome.earlier.lately,
                },
            },
            status=202,
        )


def _not_ready(error: NotReady) -> Problem:
    errors = [
        FieldError(path=check.path, code=check.code, message=str(check.message))
        for check in error.checks
    ]
    detail = errors[0]["message"] if errors else ""
    return Problem(409, title="Not ready to launch", detail=detail, errors=errors)


class Launch(ApiView):
    """From draft to running, scheduled or held."""

    required: ClassVar = {"POST": LAUNCH}

    @extend_schema(
        request=shapes.LaunchBody,
        responses={202: shapes.CampaignAnswer},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Launch now or `at` a time, with `hold` seconds of undo.

        409 with what is missing, or with what is otherwise than `expect` says.
        """
        campaign = found(slug)
        body = self.checked(shapes.LaunchBody)
        try:
            launched = launch(
                campaign,
                at=body.get("at"),
                hold=body["hold"],
                may_skip_permission=self.may("purposes.edit"),
                shown=ShownDraft(**body["expect"]) if body.get("expect") else None,
            )
        except Differs as error:
            path = f"expect.{error.field}"
            one = FieldError(path=path, code="differs", message=str(error))
            raise Problem(409, detail=str(error), errors=[one], extra={"now": error.now}) from error
        except NotReady as error:
            raise _not_ready(error) from error
        except WrongStatus as error:
            raise Problem(409, detail=str(error)) from error
        except InvalidCampaign as error:
            raise refused(error) from error
        return Response(shapes.campaign_answer(launched, shown=shown_to(request.user)), status=202)


def change_view(name: str, service: Callable[[Campaign], Campaign], words: str) -> type[ApiView]:
    """A view that changes the status of a campaign by a service."""

    @extend_schema(
        request=None,
        responses={202: shapes.CampaignAnswer},
        description=words,
    )
    def post(self: ApiView, request: Request, slug: str) -> Response:
        try:
            changed = service(found(slug))
        except WrongStatus as error:
            raise Problem(409, detail=str(error)) from error
        return Response(shapes.campaign_answer(changed, shown=shown_to(request.user)), status=202)

    return type(name.title(), (ApiView,), {"required": {"POST": LAUNCH}, "post": post})


Pause = change_view("pause", pause, "Nothing more is handed over until it is resumed.")
Resume = change_view("resume", resume, "Go on.")
Cancel = change_view("cancel", cancel, "What is queued is cancelled; what was handed over stays.")
Undo = change_view("undo", undo, "Back to a draft, while it is held or scheduled.")


class Report(ApiView):
    """What came of a campaign."""

    required: ClassVar = {"GET": VIEW}

    @extend_schema(responses=shapes.ReportAnswer)
    def get(self, request: Request, slug: str) -> Response:
        """From audience through each reason to revenue."""
        return Response(report(found(slug)))


class RenderContent(ApiView):
    """Liquid, rendered."""

    required: ClassVar = {"POST": EDIT}

    @extend_schema(request=shapes.RenderBody, responses=shapes.RenderAnswer)
    def post(self, request: Request) -> Response:
        """The result, or 400 with line and column."""
        return Response(_content(render_content, self.known(shapes.RenderBody), "template"))


class RenderMjml(ApiView):
    """MJML, compiled."""

    required: ClassVar = {"POST": EDIT}

    @extend_schema(request=shapes.MjmlBody, responses=shapes.MjmlAnswer)
    def post(self, request: Request) -> Response:
        """The HTML and its problems."""
        return Response(_content(render_mjml, self.known(shapes.MjmlBody), "mjml"))


def _content(function: Callable[[Any], dict[str, Any]], body: Any, source: str) -> dict[str, Any]:
    """The answer of `function`; 400 with line and column in the field `source`."""
    try:
        return function(body)
    except NoPlace as error:  # nothing is wrong with what was sent
        raise Problem(503, detail=str(error)) from error
    except ContentError as error:
        path = error.field if isinstance(error, WrongField) else source
        where = FieldError(path=path, code="content", message=str(error))
        place = {"line": error.line, "column": error.column} if error.line else {}
        raise Problem(
            400, detail=str(error), errors=[cast("FieldError", where | place)], extra=place
        ) from error
