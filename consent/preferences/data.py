"""What somebody asks of their data by the link of a mail.

That link only changes permissions: what needs a proof of who asks is taken in, and carried out
after the fresh link that goes to the same address.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation

from config.workspace.access.client_address import address_of
from consent.preferences.asking import Wish, ask_for, wish_of, wishes
from consent.preferences.hooks import SentTo
from consent.preferences.views import PREFERENCES, page_of, public, sent_to
from consent.proof import links
from profiles.models import Profile

AT_ONCE, SENT, LATER, KNOWN = "now", "sent", "later", "known"


@public
def data_page(request: HttpRequest, token: str) -> HttpResponse:
    """The choices; after a POST what became of it."""
    sent, _numbers = sent_to(request, PREFERENCES, token)
    wish = wish_of(request.POST.get("wish", ""))
    words = request.POST.get("words", "").strip()
    lacks_words = wish is not None and wish.needs_words and not words
    if request.method == "POST" and wish is not None and not lacks_words:
        done = _ask(request, sent, wish, words)
        here = translation.get_language() or "en"
        return HttpResponseRedirect(
            f"{request.path}?done={done}&wish={wish.type}&lang={here}#done", status=303
        )
    context = page_of(request, sent) | {
        "wishes": wishes(),
        "chosen": wish.type if wish else request.GET.get("wish", ""),
        "words": words,
        "lacks_words": lacks_words,
        "lacks_wish": request.method == "POST" and wish is None,
        "done": request.GET.get("done", ""),
        "done_wish": wish_of(request.GET.get("wish", "")),
        "back": f"/preferences/{token}/",
    }
    return render(request, "consent/data.html", context, status=422 if _is_wrong(context) else 200)


def _is_wrong(context: dict[str, object]) -> bool:
    return bool(context["lacks_words"] or context["lacks_wish"])


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
