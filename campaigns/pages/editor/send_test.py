"""A test to myself: the mail as the chosen person would get it, to the address of whoever asks."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaigns.composition.contents import EDITED, compile_step
from campaigns.composition.senders import default_sender
from campaigns.content.errors import ContentError
from campaigns.content.render import Compiled
from campaigns.content.words import in_words, said
from campaigns.delivery.send_test import (
    SENT,
    UNKNOWN,
    NoTarget,
    NotWritten,
    ParcelOutcome,
    send_test,
)
from campaigns.models import Campaign
from campaigns.pages.editor import preview_people
from campaigns.pages.editor.previews import chosen, content_of, found, is_personal, note_look
from config.console.pages import part, toast, wants_partial
from config.workspace import audit
from config.workspace.permissions import requires
from consent.models import Purpose


@require_POST
@requires("campaigns.edit")
def test_to_myself(request: HttpRequest, slug: str) -> HttpResponse:
    """Send it, and say what became of it."""
    campaign = found(slug)
    text, level = _send(request, campaign)
    toast(request, text, level=level)
    if wants_partial(request):
        return part(request, "console/_nothing.html")
    return redirect("campaigns:step", slug, "what")


def _send(request: HttpRequest, campaign: Campaign) -> tuple[str, int]:
    user: Any = request.user
    sender = campaign.sender or default_sender()
    content, slug = content_of(campaign)
    if not user.email:
        words = _("Your own account has no mail address. An admin can add it under Team.")
        return words, messages.WARNING
    if not any((content.get(name) or "").strip() for name in ("mjml", "html", "text")):
        return _("The mail is still empty."), messages.WARNING
    if sender is None:
        return _("No sender is chosen and there is no default one."), messages.WARNING
    who = chosen(
        request,
        preview_people.cast_of(preview_people.segment_of(campaign), personal=is_personal(request)),
    )
    note_look(campaign, who)
    purpose = Purpose.objects.filter(slug=slug).first() or Purpose.objects.get(slug="marketing")
    try:
        outcome = send_test(
            EDITED,
            _compiled(content, purpose),
            sender=sender,
            purpose=purpose,
            campaign=campaign.slug,
            data=who.data,
            address=user.email,
            name=user.get_full_name(),
        )
    except ContentError as error:
        return _("The test was not sent: %s") % said(error), messages.WARNING
    except (NotWritten, NoTarget) as error:
        return _("The test was not sent: %s") % error, messages.WARNING
    audit.record("send_test", "campaign", campaign.slug, detail={"outcome": outcome.kind})
    return _said(outcome, user.email)


def _compiled(content: dict[str, Any], purpose: Purpose) -> Compiled:
    """The mail itself, marked in its subject alone. Raises ContentError, NotWritten."""
    subject = " ".join(filter(None, (_("[Test]"), content.get("subject"))))
    compiled = compile_step({**content, "subject": subject}, purpose_class=purpose.purpose_class)
    if not compiled.usable:
        wrong = [one for one in compiled.problems if one["severity"] == "error"]
        raise NotWritten(in_words(str(wrong[0]["message"])))
    return compiled


def _said(outcome: ParcelOutcome, address: str) -> tuple[str, int]:
    if outcome.kind == SENT:
        return _("On its way to %(address)s.") % {"address": address}, messages.SUCCESS
    if outcome.kind == UNKNOWN:
        words = _("Nobody knows whether the test left; the mail server broke off: %s")
        return words % outcome.word, messages.WARNING
    return _("The test was not sent: %s") % outcome.word, messages.WARNING
