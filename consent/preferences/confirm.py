"""The page behind the link of a double opt-in. A look says nothing: scanners follow links."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from config.workspace.access import tokens
from config.workspace.access.client_address import address_of
from config.workspace.access.guessing import refuse
from config.workspace.pages.errors import Explained
from consent.confirming.answering import QuestionEnded, answer
from consent.confirming.asking import CONFIRM
from consent.confirming.words import as_shown
from consent.masking import masked
from consent.models import Confirmation
from consent.policy.places import place_of
from consent.policy.resolving import policy_table
from consent.policy.terms import ITEMISED
from consent.preferences.public import languages, own_page
from profiles.models import Profile
from profiles.people.lineage import today_id

CHOICES = {"confirm": True, "refuse": False}


@own_page
def confirm_view(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST answers; both buttons are alike (EDPB Guidelines 05/2020 on consent)."""
    row = _row(request, token)
    said, ended = row.answer, not row.answer and row.is_over
    if request.method == "POST":
        if request.POST.get("action") not in CHOICES:
            return HttpResponse(status=400)
        try:
            said = answer(
                row,
                yes=CHOICES[request.POST["action"]],
                ip=address_of(request),
                agent=request.headers.get("User-Agent", ""),
            )
        except QuestionEnded:
            ended = True
    person = Profile.objects.filter(pk=today_id(row.profile_id)).first()
    place = place_of(person.country, person.traits) if person else ""
    context = {
        "languages": languages(),
        "address": masked(row.contact_point),
        "statement": as_shown(row.wording, row.purpose, row.topic),
        "wording": row.wording,
        "row": row,
        "said": "" if ended else said,
        "ended": ended or said == Confirmation.Answer.EXPIRED,
        "itemised": policy_table().value(ITEMISED, place, row.channel, row.purpose),
    }
    return render(request, "consent/confirm.html", context)


def _row(request: HttpRequest, token: str) -> Confirmation:
    """Raises Explained, a 404; TooManyWrong."""
    gone = Explained(_("This link is not one of ours, or it has ended."))
    try:
        profile_id, number = tokens.read(CONFIRM, token)
    except (tokens.BadToken, ValueError):
        refuse(request, gone)
    rows = Confirmation.objects.select_related("purpose", "topic", "wording")
    found = rows.filter(profile_id=profile_id, pk=number).first()
    if found is None:
        raise gone
    return found
