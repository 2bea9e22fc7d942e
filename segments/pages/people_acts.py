"""With whoever is chosen in the people list: onto a list, or onto a new one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from config.console.pages import toast
from config.console.words import num
from config.postgres.sql import ids_in
from config.workspace.permissions import may, requires
from config.workspace.roles.callers import member_of
from profiles.browsing.choosing import NobodyChosen, chosen_people
from profiles.language.reading.reader import RuleError
from profiles.panels import LIST_ACTS, Panel
from profiles.selectors.masking import shown_to
from segments import services
from segments.models import Segment
from segments.pages.person import MOST, NEW


@LIST_ACTS.register("lists", order=20)
def offered(request: HttpRequest) -> Panel | None:
    """To whoever makes segments; a query."""
    if not may(request.user, "segments.edit"):
        return None
    rows = Segment.objects.filter(kind=Segment.Kind.STATIC, archived_at=None).order_by("name")
    return Panel("segments/_chosen.html", {"lists": list(rows[:MOST]), "new": NEW})


@require_POST
@requires("segments.edit")
@requires("people.view")
def put_on_list(request: HttpRequest) -> HttpResponse:
    """All of them in one statement; back to the list that they are on."""
    slug, back = request.POST.get("list", ""), reverse("profiles:people")
    try:
        people = chosen_people(request.POST, shown_to(request.user), request.user)
    except NobodyChosen:
        toast(request, _("Choose somebody first."), level=messages.WARNING)
        return redirect(back)
    found = ids_in(people)
    if slug == NEW:
        name = request.POST.get("name", "")
        try:
            made = services.make_list(name, found, user=member_of(request))
        except RuleError as error:
            toast(request, str(error), level=messages.WARNING)
            return redirect(f"{back}?{request.POST.get('query', '')}")
        words = ngettext(
            "%(n)s person is on the new list.", "%(n)s people are on the new list.", made.count
        )
        toast(request, words % {"n": num(made.count)})
        return redirect("segments:detail", made.slug)
    segment = Segment.objects.filter(slug=slug, kind=Segment.Kind.STATIC, archived_at=None).first()
    if segment is None:
        toast(request, _("This list is gone meanwhile."), level=messages.WARNING)
        return redirect(f"{back}?{request.POST.get('query', '')}")
    count = services.add_people(segment, found)
    words = ngettext(
        "%(n)s person more is on “%(name)s”; whoever was on it stays.",
        "%(n)s people more are on “%(name)s”; whoever was on it stays.",
        count,
    )
    toast(request, words % {"n": num(count), "name": segment.name})
    return redirect("segments:detail", segment.slug)
