"""The live rail of the builder: parts that htmx asks for while one edits, and the pickers."""

import json
from dataclasses import asdict
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config.console.pages import part
from config.workspace import audit
from config.workspace.health import counters
from config.workspace.permissions import requires
from config.workspace.roles.callers import member_of
from config.workspace.roles.sight import DataKind
from config.workspace.work.faults import took_too_long
from consent.channels import icon_of, label_of, usual_channels
from profiles.language.reading.reader import RuleError, RuleProblem
from profiles.models import Profile
from profiles.selectors.masking import Shown, shown_to
from segments import services
from segments.builder.clauses import clause_counts
from segments.builder.explain import explain_membership, explain_rule
from segments.builder.preview import (
    SECONDS,
    context_at,
    difference,
    everybody,
    moved_by,
    overlap,
    preview,
    reach_of,
)
from segments.models import Segment
from segments.pages.words import sentence_of
from segments.rules import Group, parse_rule
from segments.rules.clause import SOURCES
from segments.rules.compiler import compile_rule, working
from segments.rules.personal import is_hidden, masked_rule

MOST_OVERLAPS = 5
MOST_MOVERS = 20  # of those whom an edit adds or drops
MOST_DIGITS = 13
LARGEST_RULE = 1_000_000  # characters; what is cut off is no JSON


@requires("segments.view")
@require_POST
def effect(request: HttpRequest) -> HttpResponse:
    """The number, what saving would add and drop, and five people; or what is wrong."""
    segment = _saved(request)
    try:
        rule = _rule(request)
        found = preview(rule, with_reach=False)
        adds, drops = difference(rule, segment) if segment else (0, 0)
    except RuleError as error:
        return part(request, "segments/_wrong.html", {"problems": error.as_list()})
    except OperationalError as error:
        ended_or_raise(error)
        return part(request, "segments/_wrong.html", {"too_long": True, "problems": []})
    shown = shown_to(request.user)
    if shown.sees(DataKind.NAME) and found.sample:
        people = [person.pk for person in found.sample]
        audit.record("profile.listed", "profile", fields=["display_name"], people=people)
    kept, out = rule.masked(shown).halves()
    said = sentence_of(kept, out)
    context = {
        "found": found,
        "segment": segment,
        "adds": adds,
        "drops": drops,
        "people": [_line(person, shown) for person in found.sample],
        "state": {
            "kept": said["kept"],
            "alone": said["alone"],
            "out": said["left_out"],
            "count": found.count,
            "adds": adds,
            "drops": drops,
        },
    }
    return part(request, "segments/_effect.html", context)


@requires("segments.view")
@require_POST
def movers(request: HttpRequest, way: str) -> HttpResponse:
    """Whom saving would add or drop, the first of them."""
    segment = _saved(request)
    if segment is None:
        return part(request, "segments/_movers.html", {"people": []})
    try:
        found = moved_by(_rule(request), segment, adds=way == "adds", most=MOST_MOVERS + 1)
    except (RuleError, OperationalError) as error:
        ended_or_raise(error)
        return part(request, "segments/_wrong.html", {"too_long": True, "problems": []})
    shown = shown_to(request.user)
    if shown.sees(DataKind.NAME) and found:
        people = [person.pk for person in found[:MOST_MOVERS]]
        audit.record("profile.listed", "profile", fields=["display_name"], people=people)
    lines = [_line(person, shown) for person in found[:MOST_MOVERS]]
    more = len(found) > MOST_MOVERS
    return part(request, "segments/_movers.html", {"people": lines, "more": more})


def _line(person: Profile, shown: Shown) -> tuple[Profile, str, str]:
    """One of the five: what they are called, and where they are or in which stage."""
    places = ((name, getattr(person, name)) for name in ("country", "lifecycle"))
    place = next((shown.column(name, value) for name, value in places if value), "")
    return person, shown.name(person.display_name), place


@requires("segments.view")
@require_POST
def reach(request: HttpRequest) -> HttpResponse:
    """How many may get marketing, by channel."""
    try:
        rule, context = _rule(request), context_at(None)
        with working(context, seconds=SECONDS):
            query = compile_rule(rule, context)
            counts = reach_of(query)
    except (RuleError, OperationalError) as error:
        ended_or_raise(error)
        return part(request, "segments/_reach.html", {"lines": []})
    total = _number(request.POST.get("count"))
    lines = [
        (
            label_of(channel),
            icon_of(channel),
            n,
            n / total if total else 0.0,
        )
        for channel, n in counts.items()
        if n or channel in usual_channels()
    ]
    return part(request, "segments/_reach.html", {"lines": lines})


@requires("segments.view")
@require_POST
def clauses(request: HttpRequest) -> HttpResponse:
    """How many each clause keeps and turns away; painted beside the clauses by the builder."""
    try:
        rule = _rule(request)
        if is_hidden(rule, shown_to(request.user)):
            # of another's rule only the whole is counted
            return JsonResponse({"clauses": [], "total": everybody()})
        counts = clause_counts(rule, context_at(None))
    except (RuleError, OperationalError) as error:
        ended_or_raise(error)
        return JsonResponse({"clauses": [], "total": 0})
    return JsonResponse({"clauses": [asdict(count) for count in counts], "total": everybody()})


@requires("segments.view")
@require_POST
def overlaps(request: HttpRequest) -> HttpResponse:
    """How many are in the chosen segments too; by default in the largest others."""
    chosen = [slug for slug in request.POST.getlist("with") if slug][:MOST_OVERLAPS]
    others = Segment.objects.filter(archived_at=None).exclude(slug=request.POST.get("slug", ""))
    rows = list(others.filter(slug__in=chosen) if chosen else others.order_by("-count")[:3])
    try:
        counts = overlap(_rule(request), rows) if rows else {}
    except (RuleError, OperationalError) as error:
        ended_or_raise(error)
        rows, counts = [], {}
    total = _number(request.POST.get("count"))
    lines = [
        (row, counts.get(row.pk, 0), counts.get(row.pk, 0) / total if total else 0) for row in rows
    ]
    return part(request, "segments/_overlap.html", {"lines": lines})


@requires("segments.view")
@require_POST
def why(request: HttpRequest, person: str) -> HttpResponse:
    """Why one of the five is in."""
    profile = get_object_or_404(Profile.objects.living(), public_id=person)
    try:
        found = explain_rule(_rule(request), profile, shown=shown_to(request.user))
    except RuleError as error:
        return part(request, "segments/_wrong.html", {"problems": error.as_list()})
    except OperationalError as error:
        ended_or_raise(error)
        return part(request, "segments/_wrong.html", {"too_long": True, "problems": []})
    return part(request, "segments/_why.html", {"found": found})


@requires("segments.view")
def why_member(request: HttpRequest, slug: str, person: str) -> HttpResponse:
    """Why somebody is in a saved segment; for the customer page."""
    segment = get_object_or_404(Segment, slug=slug, archived_at=None)
    profile = get_object_or_404(Profile.objects.living(), public_id=person)
    try:
        found = explain_membership(segment, profile, shown=shown_to(request.user))
    except RuleError as error:
        return part(request, "segments/_wrong.html", {"problems": error.as_list()})
    return part(request, "segments/_why.html", {"found": found})


@requires("segments.view")
def pick(request: HttpRequest) -> HttpResponse:
    """The lines of one picker, as JSON."""
    given = {name: str(value).replace("\x00", "")[:300] for name, value in request.GET.items()}
    user: Any = member_of(request)
    source = SOURCES.get(given.get("what", ""))
    if source is None:
        return JsonResponse({"items": [], "of": ""}, status=404)
    found = source(user, given)
    answer = JsonResponse({"items": [asdict(item) for item in found.items], "of": found.of})
    answer["Cache-Control"] = "no-store, private"
    return answer


def _rule(request: HttpRequest) -> Group:
    try:
        data = json.loads(request.POST.get("rule", "")[:LARGEST_RULE])
    except (ValueError, RecursionError) as error:
        raise RuleError([RuleProblem("", "type", _("This is not JSON."))]) from error
    shown = shown_to(request.user)
    saved = None if shown.personal else _saved(request)
    if saved is not None and data == masked_rule(saved.rule, shown):
        return parse_rule(saved.rule)  # another's, as a whole
    rule = services.read_rule(
        data,
        slug=request.POST.get("slug", ""),
        shown=shown,
    )
    assert rule is not None  # noqa: S101 - only lists have none
    return rule


def _saved(request: HttpRequest) -> Segment | None:
    slug = request.POST.get("slug", "")
    return Segment.objects.filter(slug=slug, archived_at=None).first() if slug else None


def _number(text: str | None) -> int:
    given = (text or "")[:MOST_DIGITS]
    return int(given) if given.isascii() and given.isdecimal() else 0


def ended_or_raise(error: Exception) -> None:
    """Count a question that was ended for its length; raise what is no fault of the rule."""
    if isinstance(error, RuleError):
        return
    if not took_too_long(error):
        raise error
    counters.count(counters.ENDED, area="console")
