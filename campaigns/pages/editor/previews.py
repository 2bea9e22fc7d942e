"""The mail as one person would get it: inbox row, frame, plain text, what is missing."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from campaigns.composition.contents import SAMPLE_URL, ContentError, compile_step, sender_data
from campaigns.composition.variables import unknown_names
from campaigns.content.errors import Abort
from campaigns.content.render import Compiled, MessageUrls, Rendered
from campaigns.content.sandbox.calls import render
from campaigns.content.words import in_words, said
from campaigns.models import Campaign, Sender
from campaigns.pages.editor import preview_people
from campaigns.pages.editor.forms import launched_step
from campaigns.plan import purpose_slug
from campaigns.services.coverage import coverage
from config.console.http.csp import mail_preview
from config.console.pages import part
from config.workspace import audit
from config.workspace.permissions import may, requires
from consent.models import Purpose
from profiles.models import Profile
from profiles.selectors.finding import search
from profiles.selectors.masking import EVERYTHING

CUT = 46  # characters of a subject that a phone of 390 px shows


@dataclass
class Seen:
    """One person's view of the mail; `error` where it cannot be made."""

    cast: preview_people.Cast
    mail: Rendered | None = None
    preheader: str = ""
    error: str = ""
    part: str = ""  # of the content, that the error is about

    @property
    def errors(self) -> list[str]:
        """As those of a field."""
        return [self.error]

    @property
    def is_cut(self) -> bool:
        """Whether a phone cuts the subject."""
        return bool(self.mail and len(self.mail.subject) > CUT)


@dataclass
class PreviewContent:
    """The content of a campaign, compiled once for several people."""

    campaign: Campaign
    compiled: Compiled | None = None
    fixed: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    part: str = ""

    @property
    def problems(self) -> list[dict[str, Any]]:
        """What the compiler found, in the reader's words."""
        found = self.compiled.problems if self.compiled else []
        return [one | {"message": in_words(str(one["message"]))} for one in found]

    def seen_by(self, cast: preview_people.Cast) -> Seen:
        """The mail as this person gets it."""
        if self.compiled is None:
            return Seen(cast, error=self.error, part=self.part)
        if not self.compiled.usable:
            wrong = [one for one in self.problems if one["severity"] == "error"]
            error = ContentError(wrong[0]["message"], wrong[0]["line"])
            return Seen(cast, error=said(error), part="source")
        data = {**cast.data, **self.fixed}
        urls = MessageUrls(SAMPLE_URL, SAMPLE_URL, SAMPLE_URL, campaign=self.campaign.slug)
        try:
            return Seen(cast, *render(self.compiled, data=data, urls=urls))
        except Abort as abort:
            return Seen(cast, error=_("The template leaves this person out: %s") % abort.reason)
        except ContentError as error:
            return Seen(cast, error=said(error), part=error.part or "source")


def content_of(campaign: Campaign, variant: str = "") -> tuple[dict[str, Any], str]:
    """The content and the purpose's slug, of what was launched or of the draft."""
    step = launched_step(campaign)
    choices = {v["name"]: v["content"] for v in step.get("variants") or []}
    content = choices.get(variant) or next(iter(choices.values()), None) or step.get("content")
    return content or {}, purpose_slug(step)


def draft_of(campaign: Campaign, variant: str = "") -> PreviewContent:
    """Compile the content; what is wrong with it is kept, not raised."""
    content, slug = content_of(campaign, variant)
    purpose = Purpose.objects.filter(slug=slug).first()
    return compiled_of(campaign, content, purpose, campaign.sender)


def compiled_of(
    campaign: Campaign, content: Mapping[str, Any], purpose: Purpose | None, sender: Sender | None
) -> PreviewContent:
    """This content for this purpose, from this sender; what is wrong with it is kept."""
    draft = PreviewContent(campaign, fixed=sender_data(sender))
    if not any((content.get(name) or "").strip() for name in ("mjml", "html", "text")):
        draft.error = _("The mail is still empty.")
        return draft
    try:
        draft.compiled = compile_step(
            content, purpose_class=purpose.purpose_class if purpose else "marketing"
        )
    except ContentError as error:
        draft.error, draft.part = said(error), error.part or "source"
    return draft


def found(slug: str) -> Campaign:
    """The campaign of an address. Raises Http404."""
    return get_object_or_404(Campaign.objects.select_related("sender", "current"), slug=slug)


def is_personal(request: HttpRequest) -> bool:
    """Whether this user may see personal data."""
    return may(request.user, "people.personal")


def chosen(request: HttpRequest, cast: list[preview_people.Cast]) -> preview_people.Cast:
    """The person that the address or the form names, else the first of the cast."""
    key = request.POST.get("as") or request.GET.get("as", "")
    made_up = preview_people.made_up(key)
    if made_up is not None:
        return made_up
    known = next((one for one in cast if one.key == key), None)
    if known is None and is_personal(request):
        known = _person(key)
    return known or cast[0]


def _person(key: str) -> preview_people.Cast | None:
    try:
        rows = Profile.objects.usable().filter(public_id=uuid.UUID(key))
    except ValueError:
        return None
    person = rows.first()
    return preview_people.one(person) if person else None


def note_look(campaign: Campaign, cast: preview_people.Cast) -> None:
    """In the trail: somebody saw this person's mail."""
    if cast.person is not None:
        audit.record(
            "campaign.previewed", "campaign", campaign.slug,
            fields=["display_name"], profile_id=cast.person.pk,
        )  # fmt: skip


@requires("campaigns.view")
def panel(request: HttpRequest, slug: str) -> HttpResponse:
    """The preview beside the content: whose, the inbox row, the frame, what is missing."""
    campaign = found(slug)
    segment = preview_people.segment_of(campaign)
    cast = preview_people.cast_of(segment, personal=is_personal(request))
    who = chosen(request, cast)
    draft = draft_of(campaign)
    seen = draft.seen_by(who)
    note_look(campaign, who)
    names = draft.compiled.variables if draft.compiled else []
    bare = draft.compiled.bare if draft.compiled else []
    lacking = coverage(campaign, names).missing
    # a name that nobody has costs a scan: asked only of those that nobody of the audience has
    unknown = unknown_names([n.name for n in lacking if n.name in bare and n.without == n.of])
    context = {
        "campaign": campaign,
        "cast": cast,
        "who": who,
        "seen": seen,
        "problems": draft.problems,
        "unknown": unknown,
        "missing": [n for n in lacking if n.name not in {one.written for one in unknown}],
        "bare": bare,
        "personal": is_personal(request),
        "stamp": f"{campaign.updated_at:%s%f}",
    }
    return part(request, "campaigns/_preview.html", context)


@mail_preview
@requires("campaigns.view")
def frame(request: HttpRequest, slug: str) -> HttpResponse:
    """The mail itself, for a sandboxed frame."""
    campaign = found(slug)
    cast = preview_people.MADE_UP[0]
    key = request.GET.get("as", "")
    made_up = preview_people.made_up(key)
    if made_up is not None:
        cast = made_up
    elif is_personal(request):
        cast = _person(key) or cast
    note_look(campaign, cast)
    seen = draft_of(campaign, request.GET.get("variant", "")).seen_by(cast)
    response = HttpResponse(seen.mail.html if seen.mail else "")
    response["Cache-Control"] = "no-store, private"
    return response


@requires("people.personal")
def people(request: HttpRequest, slug: str) -> HttpResponse:
    """Real people to preview as, by the beginning of a name, mail or id."""
    campaign = found(slug)
    term = request.GET.get("q", "").replace("\x00", "").strip()
    rows = list(search(term, shown=EVERYTHING)[:8]) if term else []
    if rows:
        audit.record(
            "profile.searched",
            "profile",
            fields=["display_name", "identifier"],
            detail={"found": len(rows)},
            people=[row.pk for row in rows],
        )
    return part(
        request, "campaigns/_people.html", {"campaign": campaign, "people": rows, "term": term}
    )
