"""Prove it: for the officer, what a message rested on, with the ledger checked now; printable."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.evidence.finding import FoundEvidence, find
from campaigns.evidence.send_facts import ChainState, chain_state, facts_of, proof_file
from campaigns.models import Message
from campaigns.pages.log.messages import lines_of
from config.console.pages import attachment, page
from config.workspace import audit
from config.workspace.permissions import requires
from config.workspace.trail.proofs import SCRIPT, NotProvable, provable
from consent.channels import label_of
from consent.ledger.chain import CONSENTS
from consent.models import ConsentEntry
from consent.words import act_of, source_of
from profiles.selectors.masking import Shown, shown_to

VIEW = "privacy.view"


@requires(VIEW)
def prove_view(request: HttpRequest) -> HttpResponse:
    """Paste an address or the number of a message."""
    pasted = request.GET.get("q", "").replace("\x00", "")[:600]
    shown = shown_to(request.user)
    found = find(pasted, shown) if pasted else FoundEvidence()
    if found.message is not None:
        return _proof(request, found.message, shown)
    if found.person is not None:
        audit.record("evidence.searched", "profile", profile_id=found.person.pk)
    return page(
        request,
        "campaigns/prove.html",
        {
            "q": pasted,
            "found": found,
            "name": shown.name(found.person.display_name) if found.person else "",
            "lines": lines_of(found.messages, shown),
            "entries": [_entry_line(entry, shown) for entry in found.entries],
            "provable": provable(CONSENTS),
        },
        title=_("Prove it"),
        crumbs=[(_("Privacy"), None)],
    )


def _entry_line(entry: ConsentEntry, shown: Shown) -> dict[str, Any]:
    return {
        "entry": entry,
        "how": act_of(entry),
        "where": shown.text(source_of(entry)),
        "point": shown.address(entry.contact_point),
        "channel": label_of(entry.channel),
    }


@requires(VIEW)
def message_proof_view(request: HttpRequest, profile_id: int, message_id: int) -> HttpResponse:
    """One message, and everything that it rested on."""
    rows = Message.objects.select_related("profile", "purpose")
    row = get_object_or_404(rows, profile_id=profile_id, id=message_id)
    return _proof(request, row, shown_to(request.user))


def _proof(request: HttpRequest, row: Message, shown: Shown) -> HttpResponse:
    audit.record(
        "evidence.viewed", "message", str(row.public_id), profile_id=row.profile_id,
        fields=shown.looked_at("display_name", "address"),
    )  # fmt: skip
    facts = facts_of(row, shown=shown)
    return page(
        request,
        "campaigns/proof.html",
        {
            "facts": facts,
            "row": row,
            "line": lines_of([row], shown)[0],
            "where": shown.text(facts.where),
            "wording": facts.entry.wording if facts.entry else "",
            "channel": label_of(facts.entry.channel) if facts.entry else "",
            "evidence": _evidence(facts.entry, shown),
            "chain": _chain(facts.entry),
        },
        title=_("What this message rested on"),
        crumbs=[(_("Privacy"), None), (_("Prove it"), reverse("campaigns:prove"))],
    )


def _evidence(entry: ConsentEntry | None, shown: Shown) -> list[tuple[str, str]]:
    """Each fact by its name, in the order in which they were kept."""
    kept = shown.evidence(entry.evidence) if entry else {}
    words = {
        "ip": _("IP address"),
        "user_agent": _("Browser"),
        "form": _("Form"),
        "page": _("Page"),
        "url": _("Page"),
        "collection_point": _("Where"),
        "request": _("Privacy request"),
    }
    return [
        (words.get(name, name), value if isinstance(value, str) else json.dumps(value))
        for name, value in kept.items()
        if name not in _SAID_ALREADY
    ]


_SAID_ALREADY = ("act", "wording", "language")  # by the lines above


def _chain(entry: ConsentEntry | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    state = chain_state(entry)
    tone, icon, words = _words_of(state)
    short = {
        "proven": _("whole"),
        "unsealed": _("not sealed yet"),
        "listed": _("sealed"),
        "broken": _("changed"),
    }
    return {
        "state": state,
        "tone": tone,
        "icon": icon,
        "short": short[state.code],
        "words": words,
    }


def _words_of(state: ChainState) -> tuple[str, str, str]:
    return {
        "proven": ("ok", "okc", _("The record is whole: its block was hashed again just now.")),
        "unsealed": ("", "clock", _("Too new to be sealed: look again in ten minutes.")),
        "listed": ("", "list", _("Sealed by an earlier version, as a list: it has no file.")),
        "broken": ("bad", "alert", _("The record was changed after it was sealed.")),
    }[state.code]


@requires(VIEW)
@requires("people.personal")
def proof_file_view(request: HttpRequest, profile_id: int, entry_id: int) -> HttpResponse:
    """A permission as a file that proves it without us; with `message`, what is kept of one."""
    entry = get_object_or_404(ConsentEntry, profile_id=profile_id, pk=entry_id)
    number = request.GET.get("message", "")
    message = None
    if number.isascii() and number.isdigit():
        rows = Message.objects.select_related("purpose")
        message = get_object_or_404(
            rows, profile_id=profile_id, id=int(number[:18]), consent_entry_id=entry_id
        )
    try:
        found = proof_file(entry, message)
    except NotProvable as error:
        words = _words_of(ChainState(str(error)))[2]
        return HttpResponse(words, status=409, content_type="text/plain; charset=utf-8")
    audit.record("evidence.exported", "consent", str(entry.pk), profile_id=profile_id)
    text = json.dumps(found, indent=2, ensure_ascii=False)
    return attachment(text.encode(), f"proof-{entry.pk}.json", "application/json")


@requires(VIEW)
def script_view(request: HttpRequest) -> HttpResponse:
    """The script that checks such a file, for whoever does not trust us."""
    return attachment(SCRIPT.read_bytes(), SCRIPT.name, "text/x-python")
