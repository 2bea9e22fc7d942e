"""What somebody asks of their data by the link of a mail.

That link only changes permissions: what needs a proof of who asks is taken in, and carried out
after the fresh link that goes to the same address.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation

from config.workspace.access.client_address import address_of
from consent.preferences.asking import Wish, ask_for, wish_form, wish_of
from consent.preferences.hooks import SentTo
from consent.preferences.views import PREFERENCES, page_of, public, sent_to
from consent.proof import links
from profiles.models import Profile

UNFIT = 422
AT_ONCE, SENT, LATER, KNOWN = "now", "sent", "later", "known"


@public
def data_page(request: HttpRequest, token: str) -> HttpResponse:
    """The choices; after a POST what became of it."""
    sent, _numbers = sent_to(request, PREFERENCES, token)
    form = wish_form(request.POST, is_sent=request.method == "POST")
    if form.is_sent and form.wish and not form.is_wrong:
        done = _ask(request, sent, form.wish, form.words)
        here = translation.get_language() or "en"
        return HttpResponseRedirect(
            f"{request.path}?done={done}&wish={form.wish.type}&lang={here}#done", status=303
        )
    before = wish_of(request.GET.get("wish", ""))
    context = page_of(request, sent) | form.context
    context |= {
        "chosen": context["chosen"] or (before.type if before else ""),
        "done": request.GET.get("done", ""),
        "done_wish": before,
        "back": f"/preferences/{token}/",
    }
    return render(request, "consent/data.html", context, status=UNFIT if form.is_wrong else 200)


def _ask(request: HttpRequest, sent: SentTo, wish: Wish, words: str) -> str:
    """Take it in; what to say: done at once, or where the link went."""
    person = Profile.objects.living().filter(pk=sent.profile_id).first()
    if person is None:
        return SENT
    language = translation.get_language() or ""
    address = sent.address if sent.channel == "email" else ""
    row = ask_for(
        wish, person, address=address, words=words, language=language, origin="preferences"
    )
    if wish.at_once:
        return AT_ONCE
    if row.proven_at:
        return KNOWN
    try:
        link = links.ask(sent.address, request=row, caller=address_of(request), language=language)
    except links.TooMany:
        return LATER
    return SENT if link else LATER
