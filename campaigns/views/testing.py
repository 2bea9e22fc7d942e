"""A test to myself: the mail as the chosen person would get it, to the address of whoever asks."""

import secrets
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaigns.content.errors import ContentError
from campaigns.models import Campaign
from campaigns.models.message import State
from campaigns.services.shapes import InvalidCampaign
from campaigns.services.single import send_message
from campaigns.views import casting
from campaigns.views.previews import chosen, content_of, found, is_personal, note_look
from campaigns.views.reasons import label_of
from config.console.pages import part, toast, wants_partial
from config.workspace.permissions import requires
from consent.services.people import NoIdentifier, refer
from profiles.models import Profile
from profiles.selectors.finding import NotAPerson

CONTENT = ("subject", "mjml", "html", "text", "preheader")


@require_POST
@requires("campaigns.edit")
def send_test(request: HttpRequest, slug: str) -> HttpResponse:
    """Send it, and say what became of it."""
    campaign = found(slug)
    text, level = _send(request, campaign)
    toast(request, text, level=level)
    if wants_partial(request):
        return part(request, "console/_nothing.html")
    return redirect("campaigns:step", slug, "what")


def _send(request: HttpRequest, campaign: Campaign) -> tuple[str, int]:
    user: Any = request.user
    if not user.email:
        return _(
            "Your own account has no mail address. An admin can add it under Team."
        ), messages.WARNING
    content, _purpose = content_of(campaign)
    if not any((content.get(name) or "").strip() for name in ("mjml", "html", "text")):
        return _("The mail is still empty."), messages.WARNING
    who = chosen(
        request, casting.cast_of(casting.segment_of(campaign), personal=is_personal(request))
    )
    note_look(campaign, who)
    written = {name: content[name] for name in CONTENT if content.get(name)}
    written["subject"] = f"{_('[Test]')} {written.get('subject', '')}".strip()
    try:
        message, _is_new = send_message(
            profile=tester(user.email),
            channel="email",
            purpose="service",
            content=written,
            data=who.data,
            idempotency_key=f"test-{campaign.pk}-{secrets.token_hex(8)}",
        )
    except NoIdentifier:
        return _("Your own mail address cannot be used."), messages.WARNING
    except (ContentError, InvalidCampaign) as error:
        return _("The test was not sent: %s") % error, messages.WARNING
    if message.state == State.EXCLUDED:
        return _("The test was not sent: %s") % label_of(message.reason), messages.WARNING
    return _("On its way to %(address)s.") % {"address": user.email}, messages.SUCCESS


def tester(address: str) -> Profile:
    """The person behind a team member's address; a test person where there is none."""
    reference = f"email:{address}"
    try:
        return refer(reference, create=False).profile
    except NotAPerson:
        person = refer(reference).profile
        Profile.objects.filter(pk=person.pk).update(is_test=True)
        return person
