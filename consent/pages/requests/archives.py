"""The archive of a request in the console: read, withheld in part, handed over."""

import uuid
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config.console.pages import page, toast
from config.postgres.wire import number_of
from config.workspace import audit
from config.workspace.models import User
from config.workspace.permissions import may, requires
from config.workspace.roles.callers import member_of
from consent.archives.answers import FORMS, download
from consent.archives.files import rows_of
from consent.archives.making import TYPES, make_again
from consent.archives.output import field_in_words, value_in_words
from consent.archives.redacting import Withheld, redact, show_again
from consent.archives.releasing import (
    DAYS,
    DOWNLOADS,
    MOST_DAYS,
    MOST_DOWNLOADS,
    release,
    revoke,
    state_of,
)
from consent.letters.sending import address_of
from consent.models import PersonArchive, PrivacyRequest, Redaction
from consent.pages.requests.lists import EDIT, VIEW, crumbs_of
from consent.privacy.requests import CannotBeDone
from consent.privacy.words import table_in_words

SHOWN: Final = 20  # rows of a table at a time
LOOKED_AT: Final = 200_000  # rows that a search goes through


def card_of(row: PrivacyRequest) -> dict[str, Any] | None:
    """What the page of a request says of its archive; None where it has none."""
    if row.type not in TYPES:
        return None
    archive = PersonArchive.objects.filter(request=row).prefetch_related("fetched").first()
    if archive is None:
        return None
    return {
        "row": archive,
        "state": state_of(archive),
        "withheld": archive.redactions.count(),
        "left": max(archive.most_downloads - archive.downloads, 0),
    }


def _archive(request: HttpRequest, public_id: uuid.UUID) -> PersonArchive:
    """Of somebody who may see it. Raises Http404, PermissionDenied."""
    if not may(request.user, "people.personal"):
        raise PermissionDenied("people.personal")
    rows = PersonArchive.objects.select_related("request")
    return get_object_or_404(rows, request__public_id=public_id, made_at__isnull=False)


@requires(VIEW, again=True)
def archive_file_view(request: HttpRequest, public_id: uuid.UUID, form: str) -> HttpResponse:
    """As the person gets it."""
    if form not in FORMS:
        raise Http404
    archive = _archive(request, public_id)
    try:
        answer = download(archive, form)
    except FileNotFoundError:
        toast(request, _("There is no file of it now. Make it anew."), level=messages.WARNING)
        return redirect("consent:request", public_id)
    audit.record("privacy.archived", "privacy_request", str(public_id))
    return answer


@requires(VIEW)
def review_view(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Table by table, row by row; with a word to look for, the rows that hold it."""
    archive = _archive(request, public_id)
    audit.record("privacy.viewed", "privacy_request", str(public_id))
    known = [entry["table"] for entry in archive.tables]
    asked = request.GET.get("table", "")
    table = asked if asked in known else (known[0] if known else "")
    first = number_of(request.GET.get("first", ""))
    word = request.GET.get("q", "").strip()[:200]
    state = state_of(archive)
    try:
        rows = list(_rows(archive, table, first, word))
    except FileNotFoundError:
        rows, state = [], "gone"
    total = next((one["rows"] for one in archive.tables if one["table"] == table), 0)
    here = reverse("consent:request_archive_review", args=[public_id])
    more = first + SHOWN
    is_review = state in ("review", "revoked", "expired", "used_up")
    return page(
        request,
        "consent/archive_review.html",
        {
            "row": archive.request,
            "archive": archive,
            "state": state,
            "tables": [
                (one["table"], table_in_words(one["table"]), one["rows"]) for one in archive.tables
            ],
            "table": table,
            "table_words": table_in_words(table),
            "rows": rows,
            "word": word,
            "first": first,
            "total": total,
            "before": f"{here}?{urlencode({'table': table, 'first': max(first - SHOWN, 0)})}"
            if first and not word
            else "",
            "after": f"{here}?{urlencode({'table': table, 'first': more})}"
            if more < total and not word
            else "",
            "redactions": [
                (table_in_words(one.table), one) for one in archive.redactions.select_related("by")
            ],
            "grounds": Redaction.Ground.choices,
            "may_withhold": state in ("review", "revoked") and may(request.user, EDIT),
            "may_release": is_review and may(request.user, EDIT),
            "address": address_of(archive.request),
            "days": DAYS,
            "downloads": DOWNLOADS,
            "most_days": MOST_DAYS,
            "most_downloads": MOST_DOWNLOADS,
        },
        title=_("Archive"),
        crumbs=crumbs_of(archive.request),
    )


def _rows(archive: PersonArchive, table: str, first: int, word: str) -> Iterator[dict[str, Any]]:
    """Some rows of a table: from a place on, or those that hold a word, whatever its case."""
    withheld, wanted = Withheld(archive), word.casefold()
    found = rows_of(archive, table, 0 if word else first)
    if word:
        looked = islice(found, LOOKED_AT)
        found = (one for one in looked if wanted in str(one[1]).casefold())
    for place, values in islice(found, SHOWN):
        yield {
            "place": place,
            "number": place + 1,
            "withheld": _ground(withheld.of_row(table, place)),
            "fields": [
                {
                    "name": name,
                    "words": field_in_words(name),
                    "value": value_in_words(value),
                    "withheld": _ground(withheld.of_field(table, place, name)),
                }
                for name, value in values.items()
            ],
        }


def _ground(code: str) -> str:
    return str(Redaction.Ground(code).label) if code else ""


@require_POST
@requires(VIEW)
@requires(EDIT)
def archive_turn_view(request: HttpRequest, public_id: uuid.UUID, act: str) -> HttpResponse:
    """withhold, show, release, revoke or make; what cannot be done says why."""
    if act not in ACTS:
        raise Http404
    if not may(request.user, "people.personal"):
        raise PermissionDenied("people.personal")
    row = get_object_or_404(PrivacyRequest, public_id=public_id)
    user = member_of(request)
    try:
        words = ACTS[act](row, request.POST, user)
    except CannotBeDone as error:
        toast(request, str(error), level=messages.WARNING)
    else:
        toast(request, words)
    if act not in ("withhold", "show"):
        return redirect("consent:request", public_id)
    back = {name: request.POST[name] for name in ("table", "first", "q") if request.POST.get(name)}
    return redirect(
        f"{reverse('consent:request_archive_review', args=[public_id])}?{urlencode(back)}"
    )


def _of(row: PrivacyRequest) -> PersonArchive:
    archive = PersonArchive.objects.select_related("request").filter(request=row).first()
    if archive is None:
        raise CannotBeDone(_("There is no archive of it."))
    return archive


def _withhold(row: PrivacyRequest, given: Mapping[str, str], user: User | None) -> str:
    is_all = "everywhere" in given
    place = given.get("row", "")
    try:
        redact(
            _of(row),
            table=given.get("table", ""),
            row=None if is_all or not place else number_of(place),
            field=given.get("field", ""),
            ground=given.get("ground", ""),
            reason=given.get("reason", ""),
            user=user,
        )
    except FileNotFoundError as error:
        raise CannotBeDone(_("There is no file of it now. Make it anew.")) from error
    return _("Withheld.")


def _show(row: PrivacyRequest, given: Mapping[str, str], user: User | None) -> str:
    show_again(_of(row), number_of(given.get("number", "")))
    return _("It is shown again.")


def _release(row: PrivacyRequest, given: Mapping[str, str], user: User | None) -> str:
    release(
        row,
        user,
        days=number_of(given.get("days", "")),
        downloads=number_of(given.get("downloads", "")),
    )
    if address_of(row):
        return _("Handed over: the link is on its way to the person.")
    return _("Handed over. No address is known: give them the file yourself.")


def _revoke(row: PrivacyRequest, given: Mapping[str, str], user: User | None) -> str:
    revoke(row)
    return _("Revoked: nobody fetches it any more.")


def _make(row: PrivacyRequest, given: Mapping[str, str], user: User | None) -> str:
    make_again(row)
    return _("It is being made anew.")


ACTS = {
    "withhold": _withhold,
    "show": _show,
    "release": _release,
    "revoke": _revoke,
    "make": _make,
}
