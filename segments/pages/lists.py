"""The list of segments, and what is done to one from there."""

from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config.console.pages import ApiCall, page, part, toast, wants_partial
from config.console.words import num
from config.workspace.lifecycle.usage import InUse, users_of
from config.workspace.permissions import may, requires
from consent.reach import reachable_counts
from profiles.models import Profile
from profiles.selectors.masking import shown_to
from segments import services
from segments.archiving import NotRestorable, archive_segment, restore_segment
from segments.builder.preview import everybody
from segments.models import Segment

IN_IT = "SELECT profile_id FROM membership WHERE segment_id = %s AND left_at IS NULL"
MOST = 500


@requires("segments.view")
def segment_list(request: HttpRequest) -> HttpResponse:
    """All segments with size and state; used by which others."""
    term = request.GET.get("q", "").strip().replace("\x00", "")[:100]
    archived = request.GET.get("archived") == "1"
    rows = Segment.objects.filter(archived_at__isnull=not archived)
    if term:
        rows = rows.filter(name__icontains=term)
    segments = list(rows[:MOST])
    used = users_of("segment", [segment.slug for segment in segments])
    context = {
        "segments": [(segment, used[segment.slug]) for segment in segments],
        "term": term,
        "archived": archived,
        "has_archived": archived or Segment.objects.exclude(archived_at=None).exists(),
        "total": everybody(),
        "may_edit": may(request.user, "segments.edit"),
    }
    if wants_partial(request):
        return part(request, "segments/_rows.html", context)
    return page(
        request,
        "segments/list.html",
        context,
        title=_("Segments"),
        crumbs=[(_("Audiences"), None)],
        api_call=ApiCall("GET", "/api/segments/"),
    )


@requires("segments.view")
def reachable(request: HttpRequest, slug: str) -> HttpResponse:
    """How many of a segment may get marketing by mail; loaded by itself."""
    segment = get_object_or_404(Segment, slug=slug, archived_at=None)
    people = Profile.objects.filter(pk__in=RawSQL(IN_IT, [segment.pk]))  # noqa: S611 - bound
    context = {"segment": segment, "reachable": reachable_counts(people)}
    return part(request, "segments/_reachable.html", context)


@requires("segments.edit")
@require_POST
def refresh(request: HttpRequest, slug: str) -> HttpResponse:
    """Count anew, soon."""
    services.request_refresh(get_object_or_404(Segment, slug=slug, archived_at=None))
    toast(request, _("It is counted anew; that takes some seconds."))
    return HttpResponseRedirect(reverse("segments:detail", args=[slug]))


@requires("segments.edit")
@require_POST
def archive(request: HttpRequest, slug: str) -> HttpResponse:
    """Put it away; refused while somebody needs it, with their names."""
    segment = get_object_or_404(Segment, slug=slug, archived_at=None)
    try:
        archive_segment(segment)
    except InUse as error:
        toast(request, _("Not archived. %(why)s") % {"why": error}, level=40)
        return HttpResponseRedirect(reverse("segments:detail", args=[slug]))
    back = reverse("segments:restore", args=[slug])
    toast(request, _("“%(name)s” is archived.") % {"name": segment.name}, undo_url=back)
    return HttpResponseRedirect(reverse("segments:list"))


@requires("segments.edit")
@require_POST
def restore(request: HttpRequest, slug: str) -> HttpResponse:
    """Back from the archive."""
    segment = get_object_or_404(Segment, slug=slug)
    try:
        restore_segment(segment)
    except NotRestorable as error:
        toast(request, str(error), level=40)
    else:
        toast(request, _("“%(name)s” is back.") % {"name": segment.name})
    return HttpResponseRedirect(reverse("segments:detail", args=[slug]))


@requires("segments.edit")
@require_POST
def people(request: HttpRequest, slug: str) -> HttpResponse:
    """Add or take out people of a list, pasted one a line."""
    segment = get_object_or_404(Segment, slug=slug, archived_at=None, kind=Segment.Kind.STATIC)
    pasted = request.POST.get("people", "").replace("\x00", "").replace(",", "\n").splitlines()
    references = [line.strip() for line in pasted if line.strip()]
    act = request.POST.get("act")
    change = services.remove_members if act == "remove" else services.add_members
    done = change(segment, references, shown=shown_to(request.user))
    words = _("%(n)s taken out") if act == "remove" else _("%(n)s added")
    toast(request, words % {"n": num(done.changed)})
    segment.refresh_from_db()
    context = {"segment": segment, "unknown": done.unknown, "may_edit": True}
    return part(request, "segments/_people.html", context)
