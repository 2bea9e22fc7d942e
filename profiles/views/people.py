"""The people list: searched, narrowed, ordered, leafed through; and taken as a file."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from config.console.pages import ApiCall, page, part, wants_partial
from config.console.shell import places
from config.workspace import audit
from config.workspace.permissions import may, requires
from config.workspace.roles.sight import DataKind
from config.workspace.work.faults import took_too_long
from profiles.browsing.narrowing import Narrowed, narrowed
from profiles.browsing.orders import (
    ORDERS,
    SEEN,
    found_first,
    order_of,
    orders_for,
    people_page,
)
from profiles.models import Profile
from profiles.panels import LIST_ACTS
from profiles.selectors.filters import PEOPLE_FILTERS
from profiles.selectors.finding import as_uuid
from profiles.selectors.masking import Shown, shown_to
from profiles.selectors.people import REACH, BadCursor, PeoplePage, Total, total_of

SECONDS = 8  # for a page: who asks for more makes a segment, which is counted aside
COUNTING = 2  # for how many there are, asked first: where they are few a page is read otherwise


@requires("people.view")
def people(request: HttpRequest) -> HttpResponse:
    """Search, narrow, sort, leaf through; a part for htmx."""
    term = request.GET.get("q", "").replace("\x00", "").strip()
    if as_uuid(term):
        return redirect("profiles:person", term)
    shown = shown_to(request.user)
    found = narrowed(request.GET, shown, request.user)
    context = _list_context(request, found, shown)
    if wants_partial(request):
        answer = part(request, "profiles/_people.html", context)
        if not (request.GET.get("before") or request.GET.get("after")):  # the pager says its own
            answer["HX-Push-Url"] = _address(context["kept"])
        return answer
    query = {"search": term} if term else {}
    call = ApiCall("GET", f"/api/profiles/{'?' + urlencode(query) if query else ''}")
    return page(
        request,
        "profiles/people.html",
        context | _form_context(request, found, shown),
        title=_("People"),
        crumbs=[(_("Customers"), None)],
        api_call=call,
    )


def _form_context(request: HttpRequest, found: Narrowed, shown: Shown) -> dict[str, Any]:
    """What one may narrow and sort by; some queries, for a whole page alone."""
    filters: list[Any] = []
    traits: dict[str, Any] | None = None
    hidden: dict[str, str] = {}
    for name, one in PEOPLE_FILTERS:
        value = found.kept.get(name, "")
        is_offered = one.offered and (not one.right or may(request.user, one.right))
        choices = one.choices(request.user, shown) if is_offered else []
        if one.also:
            traits = {"name": name, "label": one.label, "choices": choices, "value": value}
            traits["operators"] = one.operators
        elif choices:
            known = any(key == value for key, _label in choices)
            more = [] if known or not value else [(value, found.words.get(name, value))]
            filters.append((name, one.label, [*choices, *more], value))
        elif value:
            hidden[name] = value
    return {
        "filters": filters,
        "trait": traits,
        "operand": found.kept.get("value", ""),
        "op": found.kept.get("op", ""),
        "hidden": hidden,
        "orders": [(key, order.label) for key, order in orders_for(shown).items()],
        "chosen_filters": len(found.words),
    }


def _list_context(request: HttpRequest, found: Narrowed, shown: Shown) -> dict[str, Any]:
    key, order = order_of(request.GET, shown)
    leaf, total, is_slow = _leaf(request, found, shown, key)
    listed = [row.profile.pk for row in leaf.rows]
    fields = shown.looked_at("display_name", "identifier")
    if found.term:
        detail = {"found": len(leaf.rows)}
        audit.record("profile.searched", "profile", fields=fields, detail=detail, people=listed)
    elif fields:
        audit.record("profile.listed", "profile", fields=fields, people=listed)
    kept = found.kept | ({"sort": key} if key != SEEN else {})
    return {
        "rows": leaf.rows,
        "has_reach": bool(REACH.names()),
        "has_stage": any(row.stage for row in leaf.rows),
        "term": found.term,
        "personal": shown.personal,
        "searched": _searched(shown),
        "searched_more": bool(fields),
        "words": found.words,
        "wrong": found.wrong,
        "why": found.why,
        "is_slow": is_slow,
        "kept": kept,
        "query": urlencode(kept),
        "sort": key,
        "sorted_by": order.label,
        "is_by_name": key == "name",
        "total": total,
        "narrowed": found.is_narrow,
        "rule_url": rule_url(request, found),
        "acts": [made for _name, act in LIST_ACTS if (made := act(request))],
        "page": {
            "next_url": _leafed(kept, before=leaf.next),
            "previous_url": _leafed(kept, after=leaf.previous),
        },
        "any": bool(leaf.rows) or Profile.objects.exists(),
    }


def _leaf(
    request: HttpRequest, found: Narrowed, shown: Shown, key: str
) -> tuple[PeoplePage, Total | None, bool]:
    """A page and how many there are; or that the question took too long."""
    order = ORDERS[key]
    people = order.narrow(found.people)
    total = _total(people, is_narrow=found.is_narrow or key == "name")
    if found.is_narrow and total is not None and total.exact:
        people = found_first(people)
    where = {name: request.GET.get(name, "") for name in ("before", "after")}
    try:
        with _at_most(SECONDS):
            try:
                leaf = people_page(people, shown, order=order, **where)
            except BadCursor:
                leaf = people_page(people, shown, order=order)
    except OperationalError as error:
        if not took_too_long(error):
            raise
        return PeoplePage([]), None, True
    if not leaf.rows:
        return leaf, None, False
    return leaf, total or Total(len(leaf.rows), exact=False), False


def _total(people: QuerySet[Profile], *, is_narrow: bool) -> Total | None:
    """How many; None where that takes long."""
    try:
        with _at_most(COUNTING):
            return total_of(people, narrowed=is_narrow)
    except OperationalError as error:
        if not took_too_long(error):
            raise
        return None


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    """A transaction, each statement of which is ended after so long."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{seconds}s"])
        yield


def rule_url(request: HttpRequest, found: Narrowed) -> str:
    """Where what the list is narrowed by becomes a live segment; "" where no rule says it all."""
    address = places.new_segment() if may(request.user, "segments.edit") else ""
    rule = found.rule if address else None
    return f"{address}?{urlencode({'rule': json.dumps(rule)})}" if rule else ""


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


def _address(kept: dict[str, str]) -> str:
    own = reverse("profiles:people")
    return f"{own}?{urlencode(kept)}" if kept else own


def _leafed(kept: dict[str, str], **cursor: str) -> str:
    return _address(kept | cursor) if any(cursor.values()) else ""
