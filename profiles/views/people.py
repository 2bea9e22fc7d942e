"""The people list."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from config.console.pages import ApiCall, page, part, wants_partial
from config.console.words import moment, when_words
from config.workspace import audit
from config.workspace.permissions import requires
from config.workspace.roles.sight import DataKind
from config.workspace.zones import begins, read_when
from profiles.models import Profile
from profiles.selectors.filters import PEOPLE_FILTERS, apply_filters
from profiles.selectors.finding import as_uuid, search
from profiles.selectors.masking import Shown, shown_to
from profiles.selectors.people import REACH, BadCursor, people_page, total_of, visible_people


@requires("people.view")
def people(request: HttpRequest) -> HttpResponse:
    """Search, narrow, leaf through; a part for htmx."""
    term = request.GET.get("q", "").replace("\x00", "").strip()
    if as_uuid(term):
        return redirect("profiles:person", term)
    context = _list_context(request, term)
    if wants_partial(request):
        return part(request, "profiles/_people.html", context)
    query = {"search": term} if term else {}
    call = ApiCall("GET", f"/api/profiles/{'?' + urlencode(query) if query else ''}")
    return page(
        request,
        "profiles/people.html",
        context,
        title=_("People"),
        crumbs=[(_("Customers"), None)],
        api_call=call,
    )


def _list_context(request: HttpRequest, term: str) -> dict[str, Any]:
    shown = shown_to(request.user)
    found = search(term, shown=shown) if term else visible_people()
    found, words, wrong = _narrowed(request, found)
    try:
        leaf = people_page(
            found,
            shown,
            before=request.GET.get("before", ""),
            after=request.GET.get("after", ""),
        )
    except BadCursor:
        leaf = people_page(found, shown)
    people = [row.profile.pk for row in leaf.rows]
    fields = shown.looked_at("display_name", "identifier")
    if term:
        detail = {"found": len(leaf.rows)}
        audit.record("profile.searched", "profile", fields=fields, detail=detail, people=people)
    elif fields:
        audit.record("profile.listed", "profile", fields=fields, people=people)
    kept = _kept(request)
    narrowed = bool(term or words)
    return {
        "rows": leaf.rows,
        "has_reach": bool(REACH.names()),
        "has_stage": any(row.stage for row in leaf.rows),
        "term": term,
        "personal": shown.personal,
        "searched": _searched(shown),
        "searched_more": bool(shown.looked_at("display_name", "identifier")),
        "words": words,
        "wrong": wrong,
        "kept": {name: value for name, value in kept.items() if name != "q"},
        "total": total_of(found, narrowed=narrowed) if leaf.rows else None,
        "narrowed": narrowed or bool(wrong),
        "page": {
            "next_url": _address(kept, before=leaf.next),
            "previous_url": _address(kept, after=leaf.previous),
        },
        "any": bool(leaf.rows) or Profile.objects.exists(),
    }


def _searched(shown: Shown) -> str:
    """By what this role may search, for the box and where nobody is found."""
    words = {
        DataKind.NAME: _("name"),
        DataKind.EMAIL: _("mail"),
        DataKind.PHONE: _("phone"),
    }
    seen = [str(word) for kind, word in words.items() if shown.sees(kind)]
    if not seen:
        return str(_("Id or order number"))
    return capfirst(_("%(what)s, id or order number") % {"what": ", ".join(seen)})


def _narrowed(request: HttpRequest, found: Any) -> tuple[Any, dict[str, Any], str]:
    """The list narrowed by the address; words for it; what of it names nothing."""
    words: dict[str, Any] = {}
    wrong = ""
    try:
        found, words = apply_filters(found, request.GET)
    except LookupError as error:
        found, wrong = found.none(), request.GET.get(str(error.args[0]), "")
    since = request.GET.get("new_since", "")
    if since:
        when = read_when(since)
        if when is None:
            return found.none(), words, since
        found = found.filter(first_seen__gte=begins(when))
        said = moment(when) if isinstance(when, datetime) else when_words(when)
        words["new_since"] = _("New since %(since)s") % {"since": said}
    return found, words, wrong


def _kept(request: HttpRequest) -> dict[str, str]:
    names = ["q", "new_since", *PEOPLE_FILTERS.names()]
    return {name: request.GET[name] for name in names if request.GET.get(name)}


def _address(kept: dict[str, str], **cursor: str) -> str:
    if not any(cursor.values()):
        return ""
    return f"{reverse('profiles:people')}?{urlencode(kept | cursor)}"
