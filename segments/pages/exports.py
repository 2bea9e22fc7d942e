"""Files of people on screens: asked for, watched, fetched, taken away."""

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from config.console.pages import ApiCall, page, part, toast, wants_partial
from config.postgres.wire import number_of
from config.workspace import audit
from config.workspace.permissions import may, requires
from config.workspace.work.reasons import in_words
from consent.channels import addressed_channels, label_of
from consent.models import Purpose
from profiles.browsing.choosing import ALL
from profiles.language.reading.reader import RuleError
from profiles.panels import LIST_ACTS, Panel
from profiles.selectors.masking import shown_to
from segments.exports import links
from segments.exports.asking import HOURS, ask_for
from segments.exports.columns import COMPUTED, SEGMENTS, TRAITS, usual_columns
from segments.exports.formats import has_parquet
from segments.models import ComputedTrait, Segment
from segments.models.export import PeopleExport
from segments.pages.acts import ACTS, SegmentAction

MOST: Final = 50  # files on the page
DAYS: Final = (1, 2, 7, 14)


@LIST_ACTS.register("export", order=30)
def offered(request: HttpRequest) -> Panel | None:
    """To whoever takes people out; what the form offers is asked for once it is opened."""
    if not may(request.user, "people.export"):
        return None
    return Panel("segments/_chosen_export.html")


@ACTS.register("export", order=60)
def of_segment(request: HttpRequest, segment: Segment) -> SegmentAction | None:
    """The members as a file."""
    if not may(request.user, "people.export"):
        return None
    url = f"{reverse('segments:export_new')}?segment={segment.slug}"
    return SegmentAction(_("Export"), url, "download")


def form_context(request: HttpRequest) -> dict[str, Any]:
    """What the form offers."""
    formats = [
        (value, label)
        for value, label in PeopleExport.Format.choices
        if value != PeopleExport.Format.PARQUET or has_parquet()
    ]
    return {
        "purposes": list(Purpose.objects.filter(archived_at=None)),
        "channels": [(name, label_of(name)) for name in addressed_channels()],
        "formats": formats,
        "computed": [
            name
            for name in ComputedTrait.objects.values_list("name", flat=True)
            if not shown_to(request.user).hides_in(name)
        ],
        "days": DAYS,
        "usual_days": HOURS // 24,
    }


@require_safe
@requires("people.export")
def exports(request: HttpRequest) -> HttpResponse:
    """The newest first; while one is made the page looks again by itself."""
    rows = list(PeopleExport.objects.select_related("created_by", "api_key")[:MOST])
    shown, names = shown_to(request.user), {one.slug: one.title for one in Purpose.objects.all()}
    lines = [
        {
            "row": row,
            "title": shown.text(row.title),
            "state": links.state_of(row),
            "purpose": names.get(row.purpose, row.purpose),
            "left_out": (row.found or 0) - (row.total or 0),
            "percent": round(100 * row.done / row.total) if row.total else 0,
            "error": in_words(shown.failure(row.error)),
            "is_open": links.is_open(row) and links.is_theirs(row, request.user),
            "is_theirs": links.is_theirs(row, request.user),
        }
        for row in rows
    ]
    context = {
        "lines": lines,
        "is_moving": any(line["state"] in ("queued", "running") for line in lines),
    }
    if wants_partial(request):
        return part(request, "segments/_exports.html", context)
    return page(
        request,
        "segments/exports.html",
        context,
        title=_("Exports"),
        crumbs=[(_("Audiences"), None)],
        api_call=ApiCall("GET", "/api/exports/"),
    )


@require_safe
@requires("people.export")
def form(request: HttpRequest) -> HttpResponse:
    """The fields, for a form that is opened."""
    return part(request, "segments/_export_form.html", form_context(request) | {"pre": "out-"})


@require_safe
@requires("people.export")
def new(request: HttpRequest) -> HttpResponse:
    """The members of a segment as a file."""
    slug = request.GET.get("segment", "")
    segment = get_object_or_404(Segment, slug=slug, archived_at=None)
    return page(
        request,
        "segments/export.html",
        form_context(request) | {"segment": segment},
        title=_("Export"),
        crumbs=[(_("Audiences"), None), (_("Exports"), reverse("segments:exports"))],
        api_call=ApiCall("POST", "/api/exports/", {"segment": slug, "purpose": "..."}),
    )


@require_POST
@requires("people.export", again=True)
@requires("people.view")
def ask(request: HttpRequest) -> HttpResponse:
    """Whoever is chosen in the people list, or the members of a segment."""
    posted = request.POST
    if posted.get("segment"):
        whom: dict[str, Any] = {"segment": posted["segment"]}
        back = f"{reverse('segments:export_new')}?segment={posted['segment']}"
    elif posted.get("all") == ALL:
        whom, back = {"query": posted.get("query", "")}, reverse("profiles:people")
    elif posted.getlist("person"):
        whom, back = {"people": posted.getlist("person")}, reverse("profiles:people")
    else:
        toast(request, _("Choose somebody first."), level=30)
        return redirect("profiles:people")
    try:
        ask_for(
            whom,
            purpose=posted.get("purpose", ""),
            channel=posted.get("channel", ""),
            format_=posted.get("format", "csv"),
            columns=_columns(posted),
            hours=24 * (number_of(posted.get("days", "")) or HOURS // 24),
            who=request.user,
        )
    except RuleError as error:
        toast(request, " ".join(problem.message for problem in error.problems), level=30)
        return redirect(back)
    toast(request, _("The file is being made."))
    return redirect("segments:exports")


def _columns(posted: Any) -> list[str]:
    more = [f"{COMPUTED}{name}" for name in posted.getlist("computed")]
    traits = [name.strip() for name in posted.get("traits", "").split(",")]
    segments = [SEGMENTS] if posted.get("with_segments") else []
    named = [*usual_columns(), *more, *(f"{TRAITS}{name}" for name in traits if name), *segments]
    return list(dict.fromkeys(named))


@require_safe
@requires("people.export", again=True)
def fetch(request: HttpRequest, public_id: str) -> HttpResponse:
    """The file, for whoever is logged in."""
    export = _theirs(request, public_id)
    return _file(export if links.is_open(export) else None)


@require_POST
@requires("people.export")
def revoke(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take the file away, or stop its making."""
    links.revoke(_theirs(request, public_id))
    toast(request, _("The file is gone; links to it lead nowhere."))
    return redirect("segments:exports")


def _theirs(request: HttpRequest, public_id: str) -> PeopleExport:
    """An export that is this user's to have. Raises Http404."""
    export = get_object_or_404(PeopleExport, public_id=public_id)
    if not links.is_theirs(export, request.user):
        raise Http404
    return export


@require_safe
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The file, for whoever has the link, as long as it lasts."""
    with audit.acting(audit.STRANGER):
        return _file(links.by_token(token))


def _file(export: PeopleExport | None) -> HttpResponse:
    try:
        if export is None:
            raise Http404
        answer: HttpResponse = links.answer(export)
    except FileNotFoundError as error:
        raise Http404 from error
    return answer
