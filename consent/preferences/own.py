"""The person's own page: asked for by one's address, opened by a fresh link, gone after a while."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _

from config.workspace.access import tokens
from config.workspace.access.client_address import address_of
from config.workspace.access.guessing import refuse
from config.workspace.pages.errors import Explained
from config.workspace.selectors import workspace
from consent.archives.answers import FORMS, download
from consent.archives.files import path_of
from consent.archives.releasing import by_token, fetched, is_open, state_of
from consent.letters import sending
from consent.letters.plain import plain
from consent.masking import masked
from consent.models import IdentityLink, PersonArchive, PrivacyRequest
from consent.preferences.asking import Wish, ask_for, wish_form, wish_of
from consent.preferences.public import languages, own_page
from consent.preferences.views import PREFERENCES
from consent.privacy import requests
from consent.proof import links
from consent.proof.links import Holder, LinkState
from profiles.identifiers.normalise import normalise
from profiles.people.lineage import ever_ids

GONE, TOO_MANY, UNFIT = 410, 429, 422
SHOWN = 20  # requests


@own_page
def ask_page(request: HttpRequest) -> HttpResponse:
    """Asks for a link to one's address. The answer is the same whether or not it is known."""
    context: dict[str, object] = {"languages": languages(), "who": workspace().name}
    if request.method != "POST":
        return render(request, "consent/own_ask.html", context)
    given = request.POST.get("address", "")
    address = normalise("email", given, workspace().country)
    if not address:
        wrong = context | {"wrong": True, "given": given}
        return render(request, "consent/own_ask.html", wrong, status=UNFIT)
    try:
        links.ask(address, caller=address_of(request), language=translation.get_language() or "")
    except links.TooMany:
        return render(
            request, "consent/own_ask.html", context | {"too_many": True}, status=TOO_MANY
        )
    return render(request, "consent/own_ask.html", context | {"is_sent": True, "given": address})


@own_page
def link_page(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST uses the link: scanners follow links, and press no buttons."""
    state, row = links.look(token)
    if row is None:
        refuse(request, Explained(_("This link is not one of ours, or it has ended.")))
    if request.method == "POST" and request.POST.get("action") == "new":
        return _new_link(request, row)
    if request.method == "POST" and state is LinkState.FRESH:
        secret = links.use(token)
        if secret:
            here = translation.get_language() or "en"
            return HttpResponseRedirect(f"/privacy/mine/{secret}/?lang={here}", status=303)
        state = LinkState.USED
    context = _of_link(row) | {"state": state.value}
    return render(
        request, "consent/own_link.html", context, status=200 if state is LinkState.FRESH else GONE
    )


def _of_link(row: IdentityLink) -> dict[str, object]:
    asked = row.request
    return {
        "languages": languages(),
        "who": workspace().name,
        "asked": plain(asked.type) if asked else "",
        "words": asked.details if asked else "",
        "is_open": asked is None or asked.is_open,
        "minutes": int(links.VALID.total_seconds() // 60),
    }


def _new_link(request: HttpRequest, row: IdentityLink) -> HttpResponse:
    """To the same address, whoever presses the button; it shows nothing of it."""
    address = links.address_of_used(row)
    context = _of_link(row) | {"state": "new"}
    try:
        if address:
            language = translation.get_language() or ""
            links.ask(address, request=row.request, caller=address_of(request), language=language)
    except links.TooMany:
        return render(
            request, "consent/own_link.html", context | {"state": "many"}, status=TOO_MANY
        )
    return render(request, "consent/own_link.html", context)


@own_page
def mine_page(request: HttpRequest, token: str) -> HttpResponse:
    """Where one's requests stand, one's choices, and something to ask for."""
    holder = links.holder_of(token)
    if holder is None:
        refuse(request, Explained(_("This page is closed. Ask for a new link to your address.")))
    form = wish_form(request.POST, is_sent=request.method == "POST")
    if form.is_sent and holder.person and form.wish and not form.is_wrong:
        _ask(holder, form.wish, form.words)
        here = translation.get_language() or "en"
        return HttpResponseRedirect(
            f"{request.path}?done={form.wish.type}&lang={here}#done", status=303
        )
    context = form.context | {
        "languages": languages(),
        "who": workspace().name,
        "here": f"/privacy/mine/{token}/",
        "address": masked(holder.address) if holder.address else "",
        "until": holder.until,
        "person": holder.person,
        "requests": [_line(row) for row in _requests_of(holder)],
        "preferences": _preferences(holder),
        "done_wish": wish_of(request.GET.get("done", "")),
    }
    return render(request, "consent/own_mine.html", context, status=UNFIT if form.is_wrong else 200)


@own_page
def archive_page(request: HttpRequest, token: str) -> HttpResponse:
    """The link of a letter opens nothing by itself: a fresh one goes to the person's address."""
    archive = by_token(token)
    if archive is None:
        refuse(request, Explained(_("This link is not one of ours, or it has ended.")))
    context: dict[str, object] = {
        "languages": languages(),
        "who": workspace().name,
        "state": state_of(archive),
        "until": archive.expires_at,
    }
    if request.method == "POST" and is_open(archive):
        address = sending.address_of(archive.request)
        language = translation.get_language() or ""
        try:
            if address:
                links.ask(
                    address, request=archive.request, caller=address_of(request), language=language
                )
        except links.TooMany:
            return render(
                request, "consent/own_archive.html", context | {"state": "many"}, status=TOO_MANY
            )
        context["state"] = "sent"
    status = 200 if is_open(archive) else GONE
    return render(request, "consent/own_archive.html", context, status=status)


@own_page
def fetch_page(request: HttpRequest, token: str, form: str) -> HttpResponse:
    """A copy for whoever proved their address a moment ago; each is counted."""
    holder = links.holder_of(token)
    if holder is None or holder.person is None or form not in FORMS:
        refuse(request, Explained(_("This page is closed. Ask for a new link to your address.")))
    if request.method != "POST":
        return HttpResponseRedirect(f"/privacy/mine/{token}/")
    asked_for = request.POST.get("request", "")
    mine = {str(row.public_id): row for row in _requests_of(holder)}
    archive = PersonArchive.objects.filter(request=mine.get(asked_for)).first()
    if archive is None or not (path_of(archive.request).exists() and is_open(archive)):
        raise Explained(_("This copy is not there any more."))
    if not fetched(archive, form=form, client=address_of(request)):
        raise Explained(_("This copy is not there any more."))
    return download(archive, form)


def _ask(holder: Holder, wish: Wish, words: str) -> None:
    """It is known to be them: what needs that begins, and what they wrote before is added to."""
    assert holder.person is not None  # noqa: S101 - asked before
    row = ask_for(
        wish,
        holder.person,
        address=holder.address,
        words=words,
        language=translation.get_language() or "",
        origin="own_page",
    )
    if wish.at_once:
        return
    if row.proven_at:
        requests.write_more(row, words)
    else:
        requests.confirm(row, proof=f"{links.BY_LINK}: {masked(holder.address)}")


def _requests_of(holder: Holder) -> list[PrivacyRequest]:
    """Theirs, the newest first; of who is gone the one that the link was for."""
    if holder.person is None:
        return [holder.link.request] if holder.link.request else []
    rows = PrivacyRequest.objects.select_related("archive")
    rows = rows.filter(profile_id__in=ever_ids(holder.person.pk))
    return list(rows.order_by("-received_at", "-id")[:SHOWN])


def _line(row: PrivacyRequest) -> dict[str, object]:
    waits_for_them = row.is_open and not row.proven_at and row.status == row.Status.PENDING
    archive: PersonArchive | None = getattr(row, "archive", None)
    copy = archive if archive is not None and is_open(archive) else None
    return {"row": row, "what": plain(row.type), "waits_for_them": waits_for_them, "copy": copy}


def _preferences(holder: Holder) -> str:
    """Their preference page; "" where the address is nobody's any more."""
    if holder.person is None or not holder.link.identifier_id:
        return ""
    token = tokens.issue(PREFERENCES, holder.person.pk, 0, holder.link.identifier_id)
    return f"/preferences/{token}/"
