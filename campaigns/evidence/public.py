"""Why did I get this? For the person, by the link of the mail itself; the address is masked."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from campaigns.evidence.send_facts import facts_of
from campaigns.models import Message
from config.workspace.access import tokens
from consent.masking import masked
from consent.preferences.public import languages
from consent.preferences.views import UNSUBSCRIBE, public, sent_to
from profiles.selectors.masking import HARMLESS_ALONE


@require_http_methods(["GET", "HEAD"])
@public
def why_view(request: HttpRequest, token: str) -> HttpResponse:
    """Who wrote, what chose them, what allowed it and since when, and how it ends."""
    sent, (profile_id, message_id) = sent_to(request, UNSUBSCRIBE, token)
    rows = Message.objects.select_related("profile", "purpose")
    row = get_object_or_404(rows, profile_id=profile_id, id=message_id)
    preferences = tokens.issue("preferences", profile_id, message_id)
    return render(
        request,
        "campaigns/why.html",
        {
            "sent": sent,
            "address": masked(sent.address),
            "row": row,
            "facts": facts_of(row, shown=HARMLESS_ALONE),
            "languages": languages(),
            "preferences_url": reverse("preferences", args=[preferences]),
            "unsubscribe_url": reverse("unsubscribe", args=[token]),
        },
    )
