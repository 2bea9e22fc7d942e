"""The customer page: who they are, what they are worth, everything that happened."""

import uuid
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config.console.pages import ApiCall, page, part, toast
from config.postgres.wire import number_of
from config.workspace.models import User
from config.workspace.pages.rows import Unshown, in_place_of, one
from config.workspace.permissions import may, requires
from profiles.api.people import record_look
from profiles.merging import merging
from profiles.merging.merging import CannotUndo, undo_merge
from profiles.models import Merge, Profile
from profiles.panels import Panel, actions_of, chips_of, panels_of
from profiles.selectors import customer as reads
from profiles.selectors.finding import NotAPerson, by_public_id
from profiles.selectors.masking import shown_to
from profiles.selectors.people import BadCursor, decode_cursor, encode_cursor
from profiles.services.trait_choice import NoSuchStatement, use_statement
from profiles.timeline import KINDS, timeline

LEAF = 60
SHORT_NAME = 60


def _find(public_id: uuid.UUID) -> Profile | None:
    try:
        return by_public_id(public_id)
    except NotAPerson:
        return None


def _nobody(request: HttpRequest) -> HttpResponse:
    return page(request, "profiles/nobody.html", {}, title=_("Nobody is here"), status=404)


@requires("people.view")
def customer(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """One person; a former id leads to the survivor."""
    person = _find(public_id)
    if person is None:
        return _nobody(request)
    if person.public_id != public_id:
        return redirect("profiles:person", person.public_id)
    shown = shown_to(request.user)
    view = reads.customer(person, shown)
    record_look(person, person.traits, shown)
    context = {
        "view": view,
        "person": person,
        "name": view.name,
        "chips": chips_of(request, person),
        "actions": actions_of(request, person),
        "panels": _drawn(request, person),
        **_timeline_context(request, person),
        "may_edit": may(request.user, "people.edit"),
    }
    return page(
        request,
        "profiles/customer.html",
        context,
        title=Truncator(view.name).chars(SHORT_NAME) or _("No name yet"),
        crumbs=[(_("Customers"), None), (_("People"), reverse("profiles:people"))],
        api_call=ApiCall("GET", f"/api/profiles/{person.public_id}/?lineage=1"),
    )


def _drawn(request: HttpRequest, person: Profile) -> dict[str, list[str]]:
    """The cards of higher apps, each drawn with its own context."""
    return {
        column: [_card(request, card) for card in cards]
        for column, cards in panels_of(request, person).items()
    }


def _card(request: HttpRequest, card: Panel) -> str:
    drawn = one(lambda it: render_to_string(it.template, it.context, request), card)
    return in_place_of(drawn, "div") if isinstance(drawn, Unshown) else drawn


@requires("people.view")
def customer_timeline(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The timeline by another kind, or further back."""
    person = _find(public_id)
    if person is None:
        return _nobody(request)
    record_look(person, (), shown_to(request.user))
    context = {"person": person, **_timeline_context(request, person)}
    further = "before" in request.GET
    return part(request, f"profiles/{'_timeline_leaf' if further else '_timeline'}.html", context)


def _timeline_context(request: HttpRequest, person: Profile) -> dict[str, Any]:
    kind = request.GET.get("kind", "")
    kinds = [kind] if kind in KINDS else []
    try:
        before = decode_cursor(request.GET["before"]) if "before" in request.GET else None
    except BadCursor:
        before = None
    items = timeline(person.pk, before, LEAF, kinds)
    days = reads.days_of(items, shown_to(request.user), request, request.GET.get("day", ""))
    address = reverse("profiles:timeline", args=[person.public_id])
    own = reverse("profiles:person", args=[person.public_id])
    more = {}
    if len(items) == LEAF:
        more = {"before": encode_cursor(*items[-1].cursor), "day": days[-1].day.isoformat()}
    chosen = {"kind": kind} if kinds else {}
    return {
        "days": days,
        "kind": kind if kinds else "",
        "tabs": [("", _("All")), *KINDS.items()],
        "timeline_url": address,
        "more_url": f"{address}?{urlencode(chosen | more)}" if more else "",
        "more_page_url": f"{own}?{urlencode(chosen | more)}#timeline" if more else "",
        "further": before is not None,
        "now": timezone.now(),
    }


@require_POST
@requires("people.edit")
def use_trait(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """ "Use this one": the console says that this value holds."""
    person = _find(public_id)
    if person is None:
        return _nobody(request)
    number = request.POST.get("statement", "")
    try:
        name = use_statement(profile=person, statement_id=number_of(number))
    except NoSuchStatement:
        toast(request, _("This value is gone meanwhile."), level=messages.WARNING)
    else:
        toast(request, _("%(name)s is settled.") % {"name": name})
    return redirect("profiles:person", person.public_id)


def _joined(merge_id: int) -> tuple[Merge | None, Profile | None]:
    """A join and who has it today: the survivor may have been joined to another since."""
    row = Merge.objects.filter(pk=merge_id).defer("snapshot").first()
    survivor = row and Profile.objects.filter(pk=row.survivor_id).first()
    return row, _find(survivor.public_id) if survivor else None


@require_POST
@requires("people.merge")
def undo_join(request: HttpRequest, merge_id: int) -> HttpResponse:
    """Two people again."""
    row, person = _joined(merge_id)
    if row is None or person is None:
        return _nobody(request)
    try:
        undone = undo_merge(merge_id=row.pk, user=cast("User", request.user))
    except CannotUndo as error:
        toast(request, str(error), level=messages.WARNING)
    else:
        words = _("The join is undone: they are two people again.")
        if undone.kind == Merge.Kind.ATTACH:
            words = _("Taken apart: what the call brought is a person of its own.")
        toast(request, words)
    return redirect("profiles:person", person.public_id)


@require_POST
@requires("people.merge")
def join_again(request: HttpRequest, merge_id: int) -> HttpResponse:
    """One person again, by a join that can be undone."""
    row, person = _joined(merge_id)
    if row is None or person is None:
        return _nobody(request)
    try:
        merging.join_again(merge_id=row.pk)
    except (merging.CannotMerge, CannotUndo) as error:
        toast(request, str(error), level=messages.WARNING)
    else:
        toast(request, _("They are one person again."))
    return redirect("profiles:person", person.public_id)
