"""From the page of a person: onto a list and off it, and whether they are in a segment and why."""

from typing import Any

from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from config.console.pages import ApiCall
from config.workspace.permissions import may, requires
from config.workspace.roles.callers import member_of
from profiles.language.reading.reader import RuleError
from profiles.models import Profile
from profiles.panels import ACTIONS, PersonAction
from profiles.selectors.masking import shown_to
from profiles.views.acting import act, done, with_person
from segments import services
from segments.builder.explain import explain_membership
from segments.models import Membership, Segment
from segments.pages.live import ended_or_raise

MOST = 500
NEW = "+"  # no slug: a list that is made with them on it


@ACTIONS.register("list", order=30)
def listing_offered(request: HttpRequest, person: Profile) -> PersonAction | None:
    """To whoever makes segments."""
    if not may(request.user, "segments.edit"):
        return None
    return PersonAction(
        _("Lists"), reverse("segments:person_lists", args=[person.public_id]), "list"
    )


@ACTIONS.register("test", order=40)
def test_offered(request: HttpRequest, person: Profile) -> PersonAction | None:
    """To whoever sees segments."""
    if not may(request.user, "segments.view"):
        return None
    url = reverse("segments:person_test", args=[person.public_id])
    return PersonAction(_("Test in a segment"), url, "seg")


@requires("segments.edit")
@with_person
def lists(request: HttpRequest, person: Profile) -> HttpResponse:
    """The lists that they are on, and the others."""
    error, name = "", request.POST.get("name", "")
    if request.method == "POST":
        slug = request.POST.get("list", "")
        try:
            words = _changed(request, person, slug, name)
        except RuleError as wrong:
            error = str(wrong)
        else:
            level = messages.SUCCESS if words else messages.WARNING
            return done(request, person, words or _("This list is gone meanwhile."), level=level)
    rows = Segment.objects.filter(kind=Segment.Kind.STATIC, archived_at=None).order_by("name")
    on = set(
        Membership.objects.filter(
            profile_id=person.pk, left_at=None, segment__kind=Segment.Kind.STATIC
        ).values_list("segment_id", flat=True)
    )
    found = list(rows[:MOST])
    others = [row for row in found if row.pk not in on]
    context = {
        "on": rows.filter(pk__in=on),
        "others": others,
        "start": request.POST.get("list") or next((row.slug for row in others), NEW),
        "new": NEW,
        "name": name,
        "error": error,
    }
    people = {"people": [str(person.public_id)]}
    return act(
        request,
        person,
        "segments/_person_lists.html",
        context,
        title=_("Lists"),
        api_call=ApiCall("POST", "/api/segments/LIST/members/", people),
    )


def _changed(request: HttpRequest, person: Profile, slug: str, name: str) -> str:
    """Does it, and says so; "" where the list is gone. Raises RuleError."""
    reference = [str(person.public_id)]
    if slug == NEW:
        made = services.create_segment(
            slug=services.free_slug(name), name=name, kind="static", user=member_of(request)
        )
        services.add_members(made, reference)
        return _("On the new list “%(name)s”.") % {"name": made.name}
    segment = Segment.objects.filter(slug=slug, kind=Segment.Kind.STATIC, archived_at=None).first()
    if segment is None:
        return ""
    if request.POST.get("act") == "remove":
        services.remove_members(segment, reference)
        return _("Taken off “%(name)s”.") % {"name": segment.name}
    changed = services.add_members(segment, reference).changed
    words = _("Put on “%(name)s”.") if changed else _("Already on “%(name)s”.")
    return words % {"name": segment.name}


@requires("segments.view")
@with_person
def test(request: HttpRequest, person: Profile) -> HttpResponse:
    """In a segment or not, clause by clause, by the rule as it is now."""
    segments = Segment.objects.filter(archived_at=None).order_by("name")
    slug = request.GET.get("segment", "")
    chosen = segments.filter(slug=slug).first() if slug else None
    context: dict[str, Any] = {
        "segments": segments[:MOST],
        "chosen": chosen,
        "is_gone": bool(slug) and chosen is None,
        "action": request.path,
    }
    if chosen is not None:
        try:
            context["found"] = explain_membership(chosen, person, shown=shown_to(request.user))
        except RuleError as error:
            context["problems"] = error.as_list()
        except OperationalError as error:
            ended_or_raise(error)
            context["too_long"] = True
    call = ApiCall(
        "GET",
        f"/api/profiles/{person.public_id}/explain/?segment={chosen.slug if chosen else 'SLUG'}",
    )
    return act(
        request,
        person,
        "segments/_person_test.html",
        context,
        title=_("Test in a segment"),
        api_call=call,
    )
