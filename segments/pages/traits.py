"""Computed traits: the list, and the page of one, new or saved."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config.console.pages import ApiCall, page, part, toast
from config.postgres.wire import is_storable
from config.workspace import audit
from config.workspace.lifecycle.revisions import Stale, revision_in
from config.workspace.lifecycle.usage import InUse, users, users_of
from config.workspace.permissions import may, requires
from config.workspace.roles.callers import member_of
from config.workspace.roles.sight import DataKind
from config.workspace.work.reasons import in_words
from profiles.language.reading.reader import RuleError, RuleProblem
from profiles.selectors.masking import HIDDEN_WORDS, Shown, shown_to
from profiles.selectors.words import trait_text
from segments.builder.preview import everybody
from segments.insight.computed import saving
from segments.insight.computed.preview import preview
from segments.insight.computed.reading import in_words_of, seen
from segments.insight.computed.sentence import KIND, START, as_definition, as_node, clause
from segments.insight.computed.starters import trait_starter, trait_starters
from segments.models import ComputedTrait
from segments.pages.live import ended_or_raise
from segments.pages.words import builder_words
from segments.rules.computed import is_shown, read_computed
from segments.rules.personal import masked_rule

LARGEST: Final = 100_000  # characters of a definition


@requires("segments.view")
def trait_list(request: HttpRequest) -> HttpResponse:
    """All, in words, with how many have a value and who uses each."""
    shown, rows = shown_to(request.user), list(ComputedTrait.objects.all())
    used = users_of("trait", [row.name for row in rows])
    context = {
        "traits": [(row, sentence_of(row, shown), used[row.name]) for row in rows],
        "starters": trait_starters() if may(request.user, "segments.edit") else [],
        "total": everybody(),
        "may_edit": may(request.user, "segments.edit"),
    }
    return page(
        request,
        "segments/traits.html",
        context,
        title=_("Computed traits"),
        crumbs=[(_("Audiences"), None)],
        api_call=ApiCall("GET", "/api/computed-traits/"),
    )


def sentence_of(trait: ComputedTrait, shown: Shown) -> str:
    """It in words; what may not be seen, or read any more, as such."""
    try:
        definition = read_computed(trait.definition, is_new=False)
    except RuleError:
        return _("This cannot be read any more.")
    return definition.describe() if is_shown(definition, shown) else str(HIDDEN_WORDS)


@requires("segments.edit")
def new(request: HttpRequest) -> HttpResponse:
    """An empty one; `?start=` begins with a definition."""
    start = trait_starter(request.GET.get("start", ""))
    if start is None:
        return _page(request, None, "", START)
    return _page(request, None, start.name, dict(start.definition))


@requires("segments.view")
def detail(request: HttpRequest, name: str) -> HttpResponse:
    """A saved one."""
    trait = get_object_or_404(ComputedTrait, name=name)
    return _page(request, trait, trait.name, trait.definition)


@requires("segments.edit")
@require_POST
def save(request: HttpRequest, name: str = "") -> HttpResponse:
    """Make or change one; what is wrong stands on the page beside what was sent."""
    shown = shown_to(request.user)
    trait = get_object_or_404(ComputedTrait, name=name) if name else None
    called, words = request.POST.get("name", ""), request.POST.get("description", "")
    definition: dict[str, Any] = {}
    try:
        definition = as_definition(_node(request))
        if trait is None:
            made = saving.create_trait(
                name=called.strip(),
                definition=definition,
                description=words.strip(),
                shown=shown,
                user=member_of(request),
            )
        else:
            made = saving.update_trait(
                trait,
                definition=definition,
                description=words.strip(),
                shown=shown,
                revision=revision_in(request.POST),
            )
    except RuleError as error:
        return _page(request, trait, called, definition or START, problems=error.problems)
    except Stale as error:
        problem = RuleProblem("", "stale", str(error))
        return _page(request, trait, called, definition, problems=[problem])
    toast(request, _("Saved. It is worked out of everybody now."))
    return HttpResponseRedirect(reverse("segments:trait", args=[made.name]))


@requires("segments.edit")
@require_POST
def delete(request: HttpRequest, name: str) -> HttpResponse:
    """Take it away; refused while anything names it."""
    trait = get_object_or_404(ComputedTrait, name=name)
    try:
        saving.delete_trait(trait)
    except InUse as error:
        toast(request, _("Not deleted. %(why)s") % {"why": error}, level=40)
        return HttpResponseRedirect(reverse("segments:trait", args=[name]))
    toast(request, _("“%(name)s” is gone with its values.") % {"name": name})
    return HttpResponseRedirect(reverse("segments:traits"))


@requires("segments.edit")
@require_POST
def refresh(request: HttpRequest, name: str) -> HttpResponse:
    """Work it out anew, soon."""
    saving.refresh_trait(get_object_or_404(ComputedTrait, name=name))
    toast(request, _("It is worked out anew; that takes some seconds."))
    return HttpResponseRedirect(reverse("segments:trait", args=[name]))


@requires("segments.view")
@require_POST
def effect(request: HttpRequest) -> HttpResponse:
    """What it would be of whom; or what is wrong."""
    try:
        definition = saving.read_definition(as_definition(_node(request)), shown_to(request.user))
        found = preview(definition)
    except RuleError as error:
        return part(request, "segments/_trait_wrong.html", {"problems": error.problems})
    except OperationalError as error:
        ended_or_raise(error)
        return part(request, "segments/_trait_wrong.html", {"too_long": True})
    shown = shown_to(request.user)
    if shown.sees(DataKind.NAME) and found.sample:
        people = [person.pk for person, _value in found.sample]
        audit.record("profile.listed", "profile", fields=["display_name"], people=people)

    def said(value: Any) -> str:
        return in_words_of(definition, seen(definition, "", value, shown))

    most = max((n for _value, n in found.often), default=0) or 1
    labels = (_("lowest"), _("half have less than"), _("average"), _("highest"))
    context = {
        "found": found,
        "sentence": definition.describe(),
        "numbers": list(zip(labels, map(trait_text, found.numbers or ()), strict=False)),
        "often": [(said(value), n, round(100 * n / most)) for value, n in found.often],
        "people": [
            (person, shown.name(person.display_name), said(value)) for person, value in found.sample
        ],
    }
    return part(request, "segments/_trait_effect.html", context)


def _node(request: HttpRequest) -> dict[str, Any]:
    try:
        found = json.loads(request.POST.get("definition", "")[:LARGEST])
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not is_storable(json.dumps(found, ensure_ascii=False)):
        raise RuleError([RuleProblem("", "type", _("This is not JSON."))])
    return found


def _page(
    request: HttpRequest,
    trait: ComputedTrait | None,
    name: str,
    definition: dict[str, Any],
    *,
    problems: Sequence[RuleProblem] = (),
) -> HttpResponse:
    shown = shown_to(request.user)
    hidden = trait is not None and _is_hidden(trait, shown)
    may_edit = may(request.user, "segments.edit") and not hidden
    told = masked_rule(definition, shown) if not hidden else START
    context = {
        "trait": trait,
        "name": name,
        "description": request.POST.get("description", trait.description if trait else ""),
        "may_edit": may_edit,
        "hidden": HIDDEN_WORDS if hidden else "",
        "problems": problems,
        "name_problem": next((one.message for one in problems if one.path == "name"), ""),
        "error": in_words(shown.failure(trait.error)) if trait else "",
        "used_by": users("trait", trait.name) if trait else [],
        "total": everybody(),
        "setup": {
            "node": as_node(told),
            "readonly": not may_edit,
            "pick": reverse("segments:pick"),
            "words": builder_words() | {"kinds": {KIND: asdict(clause())}},
        },
    }
    call = (
        ApiCall("PATCH", f"/api/computed-traits/{trait.name}/", told)
        if trait
        else ApiCall("POST", "/api/computed-traits/", {"name": "...", **told})
    )
    crumbs = [(_("Audiences"), None), (_("Computed traits"), reverse("segments:traits"))]
    title = trait.name if trait else _("New computed trait")
    return page(request, "segments/trait.html", context, title=title, crumbs=crumbs, api_call=call)


def _is_hidden(trait: ComputedTrait, shown: Shown) -> bool:
    try:
        return not is_shown(read_computed(trait.definition, is_new=False), shown)
    except RuleError:
        return True
