"""One message to one person, from their page: chosen, seen as they get it, judged, then sent."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.composition.contents import EDITED
from campaigns.composition.senders import default_sender
from campaigns.content.errors import ContentError
from campaigns.content.words import said
from campaigns.models import Campaign, Sender
from campaigns.models.message import MessageState
from campaigns.pages.editor import preview_people, previews
from campaigns.pages.journeys import plain
from campaigns.pages.reasons import why_of
from campaigns.plan import messages_in, plan_of, purpose_slug
from campaigns.services.shapes import InvalidCampaign
from campaigns.services.single import (
    AnotherMessage,
    NeedsRight,
    Verdict,
    digest_of,
    send_message,
    verdict,
)
from config.console.http.csp import mail_preview
from config.console.pages import ApiCall
from config.workspace.permissions import may, requires
from consent.models import Purpose
from profiles.models import Profile
from profiles.panels import ACTIONS, PersonAction
from profiles.selectors.masking import shown_to
from profiles.views.acting import act, done, with_person

MOST = 100  # campaigns, the newest first
MAX_KEY = 60


@ACTIONS.register("send", order=20)
def offered(request: HttpRequest, person: Profile) -> PersonAction | None:
    """To whoever sends single messages."""
    if not (may(request.user, "messages.send") and may(request.user, "campaigns.view")):
        return None
    return PersonAction(
        _("Send a message"), reverse("campaigns:send_one", args=[person.public_id]), "send"
    )


@dataclass(frozen=True)
class Sendable:
    """A message of a campaign, of what was launched or of the draft."""

    key: str
    name: str
    campaign: Campaign
    content: dict[str, Any]
    purpose: Purpose

    def digest(self, sender: Sender) -> str:
        """What is sent on the press is what was looked at: the mail, for what, and from whom."""
        return digest_of(self.content, self.purpose.slug, sender.name, sender.address)


def sendable(request: HttpRequest) -> list[Sendable]:
    """What may be sent by itself: mails with a subject, for a purpose that this user may send for.

    What belongs to a topic goes by its campaign alone: a single message knows no topic, and people
    choose them. Two queries.
    """
    purposes = {one.slug: one for one in Purpose.objects.filter(archived_at=None)}
    is_free = may(request.user, "messages.transactional")
    found = []
    rows = Campaign.objects.select_related("sender", "current").order_by("-pk")[:MOST]
    for campaign in rows:
        steps = [node.step for node in messages_in(plan_of(campaign).steps)]
        for step in steps:
            purpose = purposes.get(purpose_slug(step))
            if purpose is None or purpose.purpose_class == Purpose.Class.PROCESSING:
                continue
            if purpose.purpose_class == Purpose.Class.TRANSACTIONAL and not is_free:
                continue
            if step.get("channel") != EDITED or step.get("topic"):
                continue
            found += _of_step(campaign, step, purpose)
    return found


def _of_step(campaign: Campaign, step: Any, purpose: Purpose) -> list[Sendable]:
    given = step.get("variants") or [{"name": "", "content": step.get("content")}]
    found = []
    for one in given:
        content = one.get("content") or {}
        has_body = any((content.get(part) or "").strip() for part in ("mjml", "html", "text"))
        if has_body and (content.get("subject") or "").strip():
            words = (campaign.name, one.get("name", ""), plain(str(content["subject"])))
            key = f"{campaign.slug}:{step.get('id', '')}:{one.get('name', '')}"
            name = " · ".join(filter(None, words))
            found.append(Sendable(key, name, campaign, dict(content), purpose))
    return found


@requires("messages.send")
@requires("campaigns.view")
@with_person
def send_one(request: HttpRequest, person: Profile) -> HttpResponse:
    """The form with the gate's answer before the press; a press sends once."""
    known = sendable(request)
    key = request.POST.get("message") or request.GET.get("message", "")
    chosen = next((one for one in known if one.key == key), None)
    sender = default_sender()
    error = ""
    if request.method == "POST" and chosen is not None and sender is not None:
        try:
            _as_shown(request, chosen, sender)
            return _sent(request, person, chosen)
        except (Changed, InvalidCampaign, ContentError, AnotherMessage, NeedsRight) as wrong:
            error = said(wrong) if isinstance(wrong, ContentError) else str(wrong)
    context: dict[str, Any] = {
        "known": known,
        "chosen": chosen,
        "is_gone": bool(key) and chosen is None,
        "sender": sender,
        "error": error,
        "action": request.path,
    }
    if chosen is not None:
        context |= _judged(request, person, chosen, sender)
    body = {"person": str(person.public_id), "channel": EDITED, "content": {"subject": "..."}}
    return act(
        request,
        person,
        "campaigns/_send_one.html",
        context,
        title=_("Send a message"),
        api_call=ApiCall("POST", "/api/messages/", body),
    )


def _judged(
    request: HttpRequest, person: Profile, chosen: Sendable, sender: Sender | None
) -> dict[str, Any]:
    found: Verdict = verdict(person, chosen.purpose, EDITED)
    is_personal = previews.is_personal(request)
    wrong = ""
    if is_personal and not found.reason:
        wrong = _seen(person, chosen).error
    return {
        "verdict": found,
        "why": why_of(found.reason) if found.reason else None,
        "wrong": wrong,
        "address": shown_to(request.user).address(found.address),
        "is_personal": is_personal,
        "may_go": not (found.reason or wrong) and sender is not None,
        "as_shown": chosen.digest(sender) if sender is not None else "",
        "once": request.POST.get("once", "")[:MAX_KEY] or uuid.uuid4().hex,
    }


class Changed(Exception):
    """The message is another than the one that was looked at: nothing was sent."""


def _as_shown(request: HttpRequest, chosen: Sendable, sender: Sender) -> None:
    if request.POST.get("as_shown") != chosen.digest(sender):
        raise Changed(_("The message was changed since you looked at it. Look once more."))


def _sent(request: HttpRequest, person: Profile, chosen: Sendable) -> HttpResponse:
    once = request.POST.get("once", "")[:MAX_KEY] or uuid.uuid4().hex
    message, is_new = send_message(
        profile=person,
        channel=EDITED,
        purpose=chosen.purpose.slug,
        content=chosen.content,
        idempotency_key=f"console:{request.user.pk}:{once}",
        may_skip_permission=may(request.user, "messages.transactional"),
    )
    if message.state == MessageState.EXCLUDED:
        why = why_of(message.reason)
        words = _("Not sent. %(why)s") % {"why": why.text if why else message.reason}
        return done(request, person, words, level=messages.WARNING)
    if not is_new:
        return done(request, person, _("It was sent once already, and not again."))
    return done(request, person, _("It is on its way; the timeline says what becomes of it."))


def _seen(person: Profile, chosen: Sendable) -> previews.Seen:
    draft = previews.compiled_of(chosen.campaign, chosen.content, chosen.purpose, default_sender())
    return draft.seen_by(preview_people.one(person))


@mail_preview
@requires("messages.send")
@requires("campaigns.view")
@requires("people.personal")
@with_person
def frame(request: HttpRequest, person: Profile) -> HttpResponse:
    """The mail as this person would get it, for a sandboxed frame; in the trail as a look."""
    key = request.GET.get("message", "")
    chosen = next((one for one in sendable(request) if one.key == key), None)
    html = ""
    if chosen is not None and person.state == Profile.State.ACTIVE:
        cast = preview_people.one(person)
        previews.note_look(chosen.campaign, cast)
        seen = _seen(person, chosen)
        html = seen.mail.html if seen.mail else ""
    response = HttpResponse(html)
    response["Cache-Control"] = "no-store, private"
    return response
