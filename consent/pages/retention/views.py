"""How long which data stays: all classes on one page, and a rule on its own."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config.console.pages import ApiCall, page, toast
from config.workspace.permissions import may, requires
from consent.models import RetentionRule, RetentionRun
from consent.pages.retention.forms import RetentionForm
from consent.retention import keeping, words
from consent.retention.classes import CLASSES, RetainedClass
from profiles.models import EventDefinition
from profiles.personal.looks import looks_personal
from profiles.selectors.masking import shown_to

VIEW, EDIT = "privacy.view", "privacy.edit"
RUNS_SHOWN = 20
NAMES_OFFERED = 200


@requires(VIEW)
def retention_view(request: HttpRequest) -> HttpResponse:
    """Every class with its rules. Some three small queries a class."""
    rules: dict[str, list[RetentionRule]] = {}
    for rule in RetentionRule.objects.all():
        rules.setdefault(rule.data_class, []).append(rule)
    newest = _newest_runs()
    return page(
        request,
        "consent/retention.html",
        {
            "kinds": [_kind(kind, rules.get(name, []), newest) for name, kind in CLASSES],
            "runs": [_run(row) for row in RetentionRun.objects.all()[:RUNS_SHOWN]],
            "may_edit": may(request.user, EDIT),
        },
        title=_("Retention"),
        crumbs=[(_("Privacy"), None)],
        api_call=ApiCall("GET", "/api/retention-rules/"),
    )


def _newest_runs() -> dict[int, RetentionRun]:
    rows = RetentionRun.objects.filter(rule__isnull=False).order_by("rule_id", "-id")
    return {row.rule_id: row for row in rows.distinct("rule_id") if row.rule_id}


def _kind(
    kind: RetainedClass, rules: list[RetentionRule], newest: dict[int, RetentionRun]
) -> dict[str, Any]:
    """A class, how much there is, and a line for each of its rules; one without a rule says so."""
    lines = []
    for rule in rules:
        run = newest.get(rule.pk)
        lines.append(
            {
                "rule": rule,
                "name": rule.name,
                "kept": words.keep_in_words(rule.keep_n, rule.keep_unit),
                "then": words.then_in_words(rule.act),
                "run": run,
                "ran": words.ran_in_words(run) if run else "",
                "url": reverse("consent:retention_rule", args=[rule.pk]),
            }
        )
    return {
        "kind": kind,
        "extent": kind.extent(),
        "lines": lines,
        "without": words.without_rule(kind),
        "rows": max(len(lines), 1),
        "url": f"{reverse('consent:new_retention_rule')}?data_class={kind.name}",
    }


def _run(row: RetentionRun) -> dict[str, Any]:
    return {
        "row": row,
        "what": words.rule_in_words(row),
        "then": words.then_in_words(row.act),
        "took": words.ran_in_words(row),
    }


@requires(VIEW)
@requires(EDIT)
def new_rule_view(request: HttpRequest) -> HttpResponse:
    """Make one; it is switched off until it was counted."""
    given = {name: request.GET[name] for name in ("data_class", "name") if name in request.GET}
    form = RetentionForm(request.POST or None, initial=given)
    if request.method == "POST" and form.is_valid():
        rule = form.save()
        keeping.count_or_leave(rule)
        toast(request, _("Kept, and switched off. See what it would take."))
        return redirect("consent:retention_rule", rule.pk)
    return page(
        request,
        "consent/new_retention_rule.html",
        {"form": form, "names": _names(may(request.user, "people.personal"))},
        title=_("New retention rule"),
        crumbs=_crumbs(),
    )


def _names(personal: bool) -> list[str]:
    """Of events, the newest first; one that may be somebody's is not offered to masked roles."""
    rows = EventDefinition.objects.filter(is_hidden=False).order_by("-last_seen")
    names = rows.values_list("name", flat=True)[:NAMES_OFFERED]
    return [name for name in names if personal or not looks_personal(name)]


@requires(VIEW, post=EDIT)
def rule_view(request: HttpRequest, number: int) -> HttpResponse:
    """A rule, what it would take, and what it took."""
    rule = get_object_or_404(RetentionRule, pk=number)
    form = RetentionForm(request.POST or None, rule=rule)
    if request.method == "POST" and form.is_valid():
        changed = form.save()
        if changed.terms != rule.terms:
            keeping.count_or_leave(changed)
            toast(request, _("Changed, and switched off. See what it would take now."))
        return redirect("consent:retention_rule", number)
    counted = rule.counted if "at" in rule.counted else None
    shown = shown_to(request.user)
    return page(
        request,
        "consent/retention_rule.html",
        {
            "rule": rule,
            "kind": keeping.class_of(rule.data_class),
            "then": words.then_in_words(rule.act),
            "form": form,
            "counted": counted,
            "counted_at": datetime.fromisoformat(counted["at"]) if counted else None,
            "parts": [(shown.text(name), n) for name, n in (counted or {}).get("parts", [])],
            "is_counted": keeping.is_counted(rule),
            "is_counting": "wanted" in rule.counted,
            "found": words.counted_in_words(rule, counted) if counted else "",
            "button": words.switch_in_words(rule, counted["rows"]) if counted else "",
            "runs": [_run(row) for row in rule.runs.all()[:RUNS_SHOWN]],
            "may_edit": may(request.user, EDIT),
        },
        title=words.rule_in_words(rule),
        crumbs=_crumbs(),
        api_call=ApiCall("POST", f"/api/retention-rules/{rule.pk}/dry-run/"),
    )


def _crumbs() -> list[tuple[str, str | None]]:
    return [(_("Privacy"), None), (_("Retention"), reverse("consent:retention"))]


@require_POST
@requires(VIEW)
@requires(EDIT)
def rule_turn_view(request: HttpRequest, number: int, turn: str) -> HttpResponse:
    """One of `TURNS`; what cannot be done says why."""
    if turn not in TURNS:
        raise Http404
    rule = get_object_or_404(RetentionRule, pk=number)
    try:
        toast(request, TURNS[turn](rule))
    except keeping.RuleRefused as error:
        toast(request, str(error), level=messages.WARNING)
    there = RetentionRule.objects.filter(pk=number).exists()
    return redirect("consent:retention_rule", number) if there else redirect("consent:retention")


def _count(rule: RetentionRule) -> str:
    if keeping.count_or_leave(rule):
        return _("Counted.")
    return _("There is much: it is being counted. Look again in a while.")


def _on(rule: RetentionRule) -> str:
    keeping.switch_on(rule)
    return _("Switched on: the first run begins now.")


def _off(rule: RetentionRule) -> str:
    keeping.switch_off(rule)
    return _("Switched off: nothing more goes by it.")


def _remove(rule: RetentionRule) -> str:
    keeping.remove(rule)
    return _("The rule is gone. What its runs took stays told.")


TURNS: dict[str, Callable[[RetentionRule], str]] = {
    "count": _count,
    "on": _on,
    "off": _off,
    "remove": _remove,
}
