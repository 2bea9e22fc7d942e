"""Retention over REST: rules, their dry runs, what ran."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.postgres.wire import number_of
from config.workspace.api.pagination import listed
from config.workspace.api.problems import Problem, invalid
from config.workspace.api.views import ApiView
from consent.api.officer.retention_shapes import (
    ChangeRuleSerializer,
    NewRuleSerializer,
    RetentionDryRunSerializer,
    RetentionRuleSerializer,
    RetentionRulesSerializer,
    RetentionRunsSerializer,
)
from consent.models import RetentionRule, RetentionRun
from consent.retention import keeping
from profiles.api.paging import PAGE_PARAMETERS
from profiles.selectors.masking import Shown, shown_to

VIEW, EDIT = "privacy.view", "privacy.edit"
_PATHS = {"class": "data_class"}


def _refused(error: keeping.RuleRefused) -> Problem:
    return invalid(_PATHS.get(error.path, error.path), str(error))


class RetentionView(ApiView):
    """Base of them: a name of events may be somebody's."""

    def shown(self) -> Shown:
        """As the caller may see it."""
        return shown_to(self.request.user)


class RetentionRules(RetentionView):
    """How long which data stays."""

    required: ClassVar = {"GET": VIEW, "POST": EDIT}

    @extend_schema(
        parameters=PAGE_PARAMETERS,
        responses=RetentionRulesSerializer,
    )
    def get(self, request: Request) -> Response:
        """All rules. A class of data without one stays as docs/operators/retention.md says."""
        shown = self.shown()
        rows = [rule_answer(row, shown) for row in RetentionRule.objects.all()]
        return listed(request, rows, "id")

    @extend_schema(
        request=NewRuleSerializer,
        responses={201: RetentionRuleSerializer},
    )
    def post(self, request: Request) -> Response:
        """A new rule, switched off: count it, then switch it on."""
        body = self.checked(NewRuleSerializer)
        keep = body.pop("keep")
        try:
            rule = keeping.make(body | {"keep_n": keep["n"], "keep_unit": keep["unit"]})
        except keeping.RuleRefused as error:
            raise _refused(error) from error
        return Response(rule_answer(rule, self.shown()), status=201)


class OfOneRule(RetentionView):
    """Base of what is under the address of one."""

    required: ClassVar = {"GET": VIEW, "PATCH": EDIT, "POST": EDIT, "DELETE": EDIT}

    def one(self, number: str) -> RetentionRule:
        """The rule of the address. Raises Problem."""
        row = RetentionRule.objects.filter(pk=number_of(number)).first()
        if row is None:
            raise Problem(404, detail=_("There is no such retention rule."))
        return row


class OneRule(OfOneRule):
    """One of them."""

    @extend_schema(responses=RetentionRuleSerializer)
    def get(self, request: Request, number: str) -> Response:
        """With its newest dry run and run."""
        return Response(rule_answer(self.one(number), self.shown()))

    @extend_schema(
        request=ChangeRuleSerializer,
        responses=RetentionRuleSerializer,
    )
    def patch(self, request: Request, number: str) -> Response:
        """Change its terms, or switch it on or off."""
        body = self.checked(ChangeRuleSerializer)
        row, keep = self.one(number), body.pop("keep", None)
        wanted = body.pop("enabled", None)
        if keep:
            body |= {"keep_n": keep["n"], "keep_unit": keep["unit"]}
        try:
            if body:
                row = keeping.change(row, body)
            if wanted is not None:
                row = keeping.switch_on(row) if wanted else keeping.switch_off(row)
        except keeping.RuleRefused as error:
            raise _refused(error) from error
        return Response(rule_answer(row, self.shown()))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, number: str) -> Response:
        """Nothing more goes by it."""
        keeping.remove(self.one(number))
        return Response(status=204)


class DryRun(OfOneRule):
    """What a run would take."""

    @extend_schema(request=None, responses=RetentionDryRunSerializer)
    def post(self, request: Request, number: str) -> Response:
        """Count it now, and keep the numbers on the rule. Nothing is taken."""
        row = self.one(number)
        done = keeping.count_or_leave(row)
        return Response(dry_run_answer(row, self.shown()), status=200 if done else 202)


class RetentionRuns(RetentionView):
    """What ran."""

    required: ClassVar = {"GET": VIEW}

    @extend_schema(
        parameters=PAGE_PARAMETERS,
        responses=RetentionRunsSerializer,
    )
    def get(self, request: Request) -> Response:
        """The newest first; also of rules that are not there any more."""
        shown = self.shown()
        return self.paged(RetentionRun.objects.all(), lambda row: run_answer(row, shown), "-id")


def rule_answer(row: RetentionRule, shown: Shown) -> dict[str, Any]:
    """One rule."""
    newest = row.runs.first()
    return {
        "id": row.pk,
        "data_class": row.data_class,
        "name": shown.text(row.name),
        "keep": {"n": row.keep_n, "unit": row.keep_unit},
        "act": row.act,
        "because": row.because,
        "enabled": row.is_enabled,
        "next_run_at": row.next_run_at,
        "set_by": row.set_by_name,
        "set_at": row.set_at,
        "dry_run": dry_run_answer(row, shown) if row.counted else None,
        "last_run": run_answer(newest, shown) if newest else None,
    }


def dry_run_answer(row: RetentionRule, shown: Shown) -> dict[str, Any]:
    """The newest, or that it is being counted."""
    counted = row.counted
    is_done = "at" in counted
    named = ("at", "before", "rows", "people", "oldest", "held")
    return {
        "status": "done" if is_done else "counting",
        **{name: counted.get(name) for name in named},
        "months": counted.get("months", []),
        "parts": [{"name": shown.text(name), "rows": n} for name, n in counted.get("parts", [])],
        "is_current": keeping.is_counted(row),
    }


def run_answer(row: RetentionRun, shown: Shown) -> dict[str, Any]:
    """One run."""
    return {
        "id": row.pk,
        "data_class": row.data_class,
        "name": shown.text(row.name),
        "keep": {"n": row.keep_n, "unit": row.keep_unit},
        "act": row.act,
        "set_by": row.set_by_name,
        "state": row.state,
        "before": row.before,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "rows": row.result.get("rows", {}),
        "months": row.result.get("months", []),
        "error": row.error,
    }
