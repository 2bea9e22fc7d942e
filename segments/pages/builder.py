"""The builder: one page for a new segment and for a saved one; saving."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config.console.charts import Chart, Series, line_chart
from config.console.pages import ApiCall, page, toast
from config.console.words import day, hour
from config.workspace.lifecycle.revisions import Stale, changes_since, revision_in
from config.workspace.lifecycle.usage import users
from config.workspace.permissions import may, requires
from config.workspace.roles.callers import member_of
from config.workspace.work.reasons import in_words
from profiles.language.reading.reader import RuleError, RuleProblem
from profiles.selectors.masking import HIDDEN_WORDS, shown_to
from segments import services
from segments.builder.history import SavedRule, saved_rules
from segments.builder.starters import starter, starters
from segments.models import Segment
from segments.pages.acts import acts_of
from segments.pages.words import Sentence, builder_words, sentence_of
from segments.rules import parse_rule
from segments.rules.personal import is_hidden, masked_rule

EMPTY_RULE: dict[str, Any] = {"match": "all", "conditions": []}
WEEKS = 12
LARGEST_BODY = 1_000_000


@requires("segments.edit")
def new(request: HttpRequest) -> HttpResponse:
    """An empty builder; `?kind=static` for a list; `?rule=` and `?start=` begin with a rule."""
    if request.GET.get("kind") == "static":
        return page(
            request,
            "segments/new_list.html",
            {},
            title=_("New list"),
            crumbs=_crumbs(),
            api_call=ApiCall("POST", "/api/segments/", {"slug": "...", "kind": "static"}),
        )
    start = starter(request.GET.get("start", ""))
    if start is not None:
        return _builder(request, None, dict(start.rule), name=str(start.name))
    rule = _given_rule(request)
    if rule:
        name = request.GET.get("name", "").replace("\x00", "")[: services.LONGEST_NAME]
        return _builder(request, None, rule, name=name)
    return _builder(request, None, EMPTY_RULE, starts=starters())


@requires("segments.view")
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A saved segment: its rule in the builder, or its list."""
    segment = get_object_or_404(Segment, slug=slug)
    if segment.archived_at is not None:
        return _archived_page(request, segment)
    if segment.kind == Segment.Kind.STATIC:
        return _list_page(request, segment)
    return _builder(request, segment, segment.rule)


@requires("segments.edit")
@require_POST
def save(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Save name and rule; answers with where to go, or with the problems and their paths."""
    try:
        body = _body(request)
        segment = _save(request, slug, body)
    except RuleError as error:
        return JsonResponse({"errors": error.as_list()}, status=400)
    except Stale:
        return JsonResponse({"stale": _conflict(request, slug, body)}, status=409)
    toast(request, _("Saved. The members are brought up to date."))
    return JsonResponse({"url": reverse("segments:detail", args=[segment.slug])})


def _save(request: HttpRequest, slug: str, body: dict[str, Any]) -> Segment:
    rights: dict[str, Any] = {
        "shown": shown_to(request.user),
        "user": member_of(request),
    }
    name = body.get("name") or ""
    if slug:
        segment = get_object_or_404(Segment, slug=slug, archived_at=None)
        return services.update_segment(
            segment, name=name, rule=body.get("rule"), revision=revision_in(body), **rights
        )
    kind = body.get("kind", Segment.Kind.DYNAMIC)
    return services.create_segment(
        slug=services.free_slug(str(name)), name=name, kind=kind, rule=body.get("rule"), **rights
    )


def _conflict(request: HttpRequest, slug: str, body: dict[str, Any]) -> dict[str, Any]:
    """The segment as it is now, for a page that is older."""
    segment = Segment.objects.get(slug=slug)
    entries = changes_since("segment", slug, revision_in(body) or 0)
    mine = bool(entries) and all(entry.actor_id == request.user.pk for entry in entries)
    names = sorted({entry.actor_name for entry in entries if entry.actor_name})
    time = hour(segment.updated_at)
    values = {"names": ", ".join(names), "time": time}
    said = _("It was changed at %(time)s.")
    if mine:
        said = _("You changed it at %(time)s in another window.")
    elif names:
        said = _("%(names)s changed it, last at %(time)s.")
    return {
        "revision": segment.revision,
        "said": said % values,
        "name": segment.name,
        **_sentences(request, segment.rule),
    }


@requires("segments.edit")
@require_POST
def duplicate(request: HttpRequest, slug: str) -> HttpResponse:
    """A copy under a name of its own; what its reader may not see, they may not copy."""
    segment = get_object_or_404(Segment, slug=slug, archived_at=None)
    try:
        copy = services.duplicate(segment, shown=shown_to(request.user), user=member_of(request))
    except RuleError as error:
        toast(request, str(error), level=30)
        return redirect("segments:detail", slug)
    toast(request, _("Copied. This is the copy."))
    return redirect("segments:detail", copy.slug)


def _builder(
    request: HttpRequest,
    segment: Segment | None,
    rule: dict[str, Any],
    *,
    name: str = "",
    starts: Sequence[Any] = (),
) -> HttpResponse:
    hidden = segment is not None and _is_hidden(request, rule)
    may_edit = may(request.user, "segments.edit") and not hidden
    slug = segment.slug if segment else ""
    rule = _shown(request, rule)
    context = {
        "segment": segment,
        "acts": acts_of(request, segment) if segment else [],
        "starts": starts,
        "may_edit": may_edit,
        "hidden": HIDDEN_WORDS if hidden else "",
        "error": in_words(shown_to(request.user).failure(segment.error)) if segment else "",
        **_sentences(request, segment.rule if segment else rule),
        "used_by": users("segment", slug) if slug else [],
        "sizes": _sizes(segment),
        "history": _history(request, segment),
        "others": Segment.objects.filter(archived_at=None).exclude(slug=slug)[:50],
        "setup": {
            "rule": rule,
            "name": segment.name if segment else name,
            "slug": slug,
            "revision": segment.revision if segment else 0,
            "readonly": not may_edit,
            "pick": reverse("segments:pick"),
            "save": reverse("segments:save", args=[slug]) if slug else reverse("segments:create"),
            "words": builder_words(),
        },
    }
    call = (
        ApiCall("PATCH", f"/api/segments/{slug}/", {"rule": rule})
        if slug
        else ApiCall("POST", "/api/segments/", {"slug": "...", "name": "...", "rule": rule})
    )
    title = segment.name if segment else _("New segment")
    return page(
        request, "segments/builder.html", context, title=title, crumbs=_crumbs(), api_call=call
    )


def _list_page(request: HttpRequest, segment: Segment) -> HttpResponse:
    context = {
        "segment": segment,
        "acts": acts_of(request, segment),
        "may_edit": may(request.user, "segments.edit"),
        "used_by": users("segment", segment.slug),
        "sizes": _sizes(segment),
    }
    call = ApiCall("POST", f"/api/segments/{segment.slug}/members/", {"people": ["email:..."]})
    return page(
        request,
        "segments/list_detail.html",
        context,
        title=segment.name,
        crumbs=_crumbs(),
        api_call=call,
    )


def _archived_page(request: HttpRequest, segment: Segment) -> HttpResponse:
    context = {
        "segment": segment,
        "may_edit": may(request.user, "segments.edit"),
        "used_by": users("segment", segment.slug),
        **_sentences(request, segment.rule),
    }
    call = ApiCall("POST", f"/api/segments/{segment.slug}/restore/")
    return page(
        request,
        "segments/archived.html",
        context,
        title=segment.name,
        crumbs=_crumbs(),
        api_call=call,
    )


def _crumbs() -> list[tuple[Any, str | None]]:
    return [(_("Audiences"), None), (_("Segments"), reverse("segments:list"))]


def _sizes(segment: Segment | None) -> Chart | None:
    """Its size on each day of the last weeks; nothing of a day on which it was not counted."""
    if segment is None:
        return None
    counts = dict(segment.sizes.order_by("-day").values_list("day", "count")[: WEEKS * 7])
    if len(counts) < 2:  # noqa: PLR2004 - ends of a line
        return None
    first, last = min(counts), max(counts)
    first = max(first, last - timedelta(days=WEEKS * 7))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return line_chart(
        _("Size over time"),
        [day(each) for each in days],
        [Series(_("People"), [counts.get(each) for each in days])],
        column=_("Day"),
    )


def _history(
    request: HttpRequest, segment: Segment | None
) -> list[tuple[SavedRule, Sentence | None]]:
    """Its rules of before, once there is more than one."""
    saved = saved_rules(segment, shown_to(request.user)) if segment else []
    return [(one, sentence_of(*one.said.halves()) if one.said else None) for one in saved]


def _is_hidden(request: HttpRequest, rule: dict[str, Any]) -> bool:
    """Whether the rule asks by what this user may not see: it is shown, and used, as a whole."""
    shown = shown_to(request.user)
    try:
        return is_hidden(parse_rule(rule), shown) or masked_rule(rule, shown) != rule
    except RuleError:
        return True


def _shown(request: HttpRequest, rule: dict[str, Any]) -> dict[str, Any]:
    return dict(masked_rule(rule, shown_to(request.user)))


def _sentences(request: HttpRequest, rule: dict[str, Any]) -> Sentence:
    try:
        kept, out = parse_rule(rule).masked(shown_to(request.user)).halves()
    except RuleError:
        return {"kept": "", "left_out": "", "alone": False}
    return sentence_of(kept, out)


def _given_rule(request: HttpRequest) -> dict[str, Any] | None:
    try:
        found = json.loads(request.GET.get("rule", ""))
        parse_rule(found)
    except (ValueError, RecursionError):
        return None
    return dict(found)


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        found = json.loads(request.body[:LARGEST_BODY])
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RuleError([RuleProblem("", "type", _("This is not JSON."))])
    return found
