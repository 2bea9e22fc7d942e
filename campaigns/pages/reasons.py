"""Each reason why someone gets nothing: its words, its icon, and what one can do about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from campaigns.content.addresses import NEEDS_SMTPUTF8, UNUSABLE_ADDRESS, UNUSABLE_DOMAIN
from campaigns.content.sandbox.calls import CRASHED, TOO_LARGE, TOO_LONG
from campaigns.delivery.claims import INTERRUPTED
from campaigns.delivery.composing import INTERNAL_ERROR
from campaigns.gate.expression import GENERAL_CONTROL, OWN_LIMIT
from campaigns.gate.why_not import WhyNot
from campaigns.models import Campaign
from campaigns.models.message import MessageReason
from config.console.shell.theme import resolve
from config.console.words import num

Text = str | Promise
SUPPRESSIONS: Final = "admin:consent_suppression_changelist"


@dataclass(frozen=True)
class ReasonWords:
    """A reason in words. `remedy` is what to do; `place` names where (a step, or URL names)."""

    label: Text
    text: Text
    icon: str
    remedy: Text
    place: str = ""


WHY: dict[str, ReasonWords] = {
    MessageReason.FROZEN: ReasonWords(
        _("Person frozen"),
        _("Restricted at their own wish, or an open privacy request."),
        "shield", _("Open the requests"), "consent:requests",
    ),
    MessageReason.NO_ADDRESS: ReasonWords(
        _("No address"),
        _("None is known, or only one that a browser named: that proves nothing."),
        "mail", _("Ask for it where they are, or send it from your own system"),
    ),
    MessageReason.SUPPRESSED: ReasonWords(
        _("Suppressed"),
        _("Bounced, complained, or taken out by hand."),
        "ban", _("Open the suppressions"), SUPPRESSIONS,
    ),
    MessageReason.NO_PERMISSION: ReasonWords(
        _("No permission"),
        _("Never asked, said no, or withdrew."),
        "okc", _("Ask whoever was never asked: in a form, at checkout or at the till"),
    ),
    MessageReason.OBJECTED: ReasonWords(
        _("Objected to profiling"),
        _("The campaign is built on what was worked out about people, which they said no to."),
        "shield", _("Choose people by what they did or said themselves"), "who",
    ),
    MessageReason.DUPLICATE_ADDRESS: ReasonWords(
        _("Duplicate address"),
        _("Shared with someone who gets it already."),
        "copy", _("Compare likely duplicates"), "profiles:duplicates",
    ),
    MessageReason.CAPPED: ReasonWords(
        _("Contact frequency reached"),
        _("Got enough marketing mail lately."),
        "clock", _("Change the frequency"), "when",
    ),
    MessageReason.QUIET_HOURS: ReasonWords(
        _("Quiet hours"),
        _("It would reach them at night."),
        "moon", _("Choose another time"), "when",
    ),
    MessageReason.EXPIRED: ReasonWords(
        _("Too late"),
        _("Its time was over before it could leave."),
        "pause", _("Wait longer"), "when",
    ),
    MessageReason.HOLDOUT: ReasonWords(
        _("Control group"),
        _("Kept out by lot, to measure what the mail brings. Uses up no contact frequency."),
        "flask", _("Change the share"), "who",
    ),
    MessageReason.LEFT_SEGMENT: ReasonWords(
        _("Left the segment"),
        _("Was in it when the mail was queued, and not any more when it was to leave."),
        "exit", _("Nothing to do here"),
    ),
    MessageReason.GOAL_REACHED: ReasonWords(
        _("Goal reached already"),
        _("Did what the campaign is for before the mail left."),
        "star", _("Nothing to do here"),
    ),
}  # fmt: skip
# what only the time between queueing and hand-over brings: no dry run counts them
LATER: Final = (MessageReason.LEFT_SEGMENT, MessageReason.GOAL_REACHED)
# why a mail failed or nobody knows, where the word is ours; `remedy` as above
FAULTS: dict[str, ReasonWords] = {
    UNUSABLE_ADDRESS: ReasonWords(
        _("Unusable address"),
        _("This mail address is none that a mail can carry."),
        "alert", _("Correct it where it comes from"),
    ),
    UNUSABLE_DOMAIN: ReasonWords(
        _("Unusable domain"),
        _("No mail server can be named so: the domain cannot be written by IDNA 2008."),
        "alert", _("Correct it where it comes from"),
    ),
    NEEDS_SMTPUTF8: ReasonWords(
        _("Address beyond ASCII"),
        _("The mail server takes no letters beyond ASCII before the @ (no SMTPUTF8)."),
        "alert", _("Ask your mail provider for SMTPUTF8"),
    ),
    TOO_LONG: ReasonWords(
        _("Took too long"),
        _("The template computed longer for this person than any mail may."),
        "alert", _("Shorten its loops, and look at this person in the preview"), "what",
    ),
    TOO_LARGE: ReasonWords(
        _("Needed too much memory"),
        _("The template needed more memory for this person than any mail may."),
        "alert", _("Make it smaller, and look at this person in the preview"), "what",
    ),
    CRASHED: ReasonWords(
        _("Could not be read"),
        _("The template is nested too deeply, or too large, with this person's data."),
        "alert", _("Make it simpler, and look at this person in the preview"), "what",
    ),
    INTERNAL_ERROR: ReasonWords(
        _("Could not be written"),
        _("An unexpected error while this mail was written. The log says where."),
        "alert", _("Look at this person's data in the preview"), "what",
    ),
    INTERRUPTED: ReasonWords(
        _("Broken off"),
        _("Whoever handed it over was stopped amid it. It may have arrived, so it is never sent"
          " again by itself."),
        "q", _("Nothing to do here"),
    ),
}  # fmt: skip
STEPS = ("who", "what", "when")


@dataclass(frozen=True)
class DetailWords:
    """More of a reason: `label` after a number ("90 withdrew"), `text` of one person, `remedy`
    for them. `place` as of a reason; `asks` where asking them is something that one can do.
    """

    label: Text
    text: Text
    remedy: Text
    place: str = ""
    asks: bool = False


_RESPECT = _("Leave it at that: only they can allow it again, by an act of their own")
DETAILS: dict[str, DetailWords] = {
    "never_asked": DetailWords(
        pgettext_lazy("why not", "never asked"), _("Nobody ever asked them for it."),
        _("Ask in a form, at checkout or at the till"), asks=True,
    ),
    "withdrawn": DetailWords(
        pgettext_lazy("why not", "withdrew"), _("They withdrew the permission."), _RESPECT,
    ),
    "denied": DetailWords(
        pgettext_lazy("why not", "said no"), _("They said no when they were asked."), _RESPECT,
    ),
    "objected": DetailWords(
        pgettext_lazy("why not", "objected"), _("They objected to marketing, by a request."),
        _RESPECT,
    ),
    "paused": DetailWords(
        pgettext_lazy("why not", "paused it"), _("They paused it for a time."),
        _("It goes on by itself when the pause ends"),
    ),
    "pending": DetailWords(
        pgettext_lazy("why not", "not confirmed"),
        _("They were asked to confirm by a link in a mail, and have not."),
        _("Nothing to do but wait: the link is in their mailbox"),
    ),
    "expired": DetailWords(
        pgettext_lazy("why not", "expired"), _("The permission was for a time, which is over."),
        _("Ask them anew, in a form, at checkout or at the till"), asks=True,
    ),
    "not_accepted": DetailWords(
        pgettext_lazy("why not", "on a ground not accepted"),
        _("There is a permission, but not on a ground that the policy of their country accepts."),
        _("Look at the policies"), "consent:policies",
    ),
    "hard_bounce": DetailWords(
        pgettext_lazy("why not", "bounced"), _("A mail to the address came back for good."),
        _("Ask for another address where they are"),
    ),
    "invalid": DetailWords(
        pgettext_lazy("why not", "no valid address"), _("No mail can go to such an address."),
        _("Correct it where it comes from"),
    ),
    "complaint": DetailWords(
        pgettext_lazy("why not", "complained"), _("They marked a mail as spam."), _RESPECT,
    ),
    "unsubscribe": DetailWords(
        pgettext_lazy("why not", "unsubscribed"), _("They took the address out themselves."),
        _RESPECT,
    ),
    "manual": DetailWords(
        pgettext_lazy("why not", "taken out by hand"), _("Somebody here took the address out."),
        _("Open the suppressions"), SUPPRESSIONS,
    ),
    "restricted": DetailWords(
        pgettext_lazy("why not", "restricted"), _("Restricted at their own wish."),
        _("Open the requests"), "consent:requests",
    ),
    "erased": DetailWords(
        pgettext_lazy("why not", "erased"), _("Erased since, as they asked."),
        _("Nothing to do here"),
    ),
    "merged": DetailWords(
        pgettext_lazy("why not", "joined with another"),
        _("Was merged into another person while the mail waited."),
        _("Who they are now is the other person"),
    ),
    OWN_LIMIT: DetailWords(
        pgettext_lazy("why not", "by a limit of their own"),
        _("They asked to be written to no more often than that, and had as many."),
        _("Leave it at that: only they can change it, on their own page of preferences"),
    ),
    GENERAL_CONTROL: DetailWords(
        pgettext_lazy("why not", "kept out of all marketing"),
        _("Kept out of all marketing by lot, to measure what all of it brings."),
        _("Change the workspace's share"), "admin:workspace_workspace_changelist",
    ),
}  # fmt: skip
# where all of them are by a sub-reason, the reason's own remedy would bring nobody the message
_OTHERWISE: Final = (MessageReason.CAPPED, MessageReason.HOLDOUT)


@dataclass(frozen=True)
class DetailCount:
    """How many of a reason, more closely, with a door to them."""

    label: Text
    count: int
    url: str


def detail_counts(counts: Mapping[str, int], url: Callable[[str], str]) -> list[DetailCount]:
    """ "90 withdrew, 49 said no", the most first; `url` leads from a sub-reason to its people."""
    return [
        DetailCount(DETAILS[detail].label, n, url(detail))
        for detail, n in counts.items()
        if detail in DETAILS
    ]


def remedy_for(reason: str, counts: Mapping[str, int], whole: int) -> ReasonWords:
    """The reason with what can be done about these `whole` people, as `counts` has more of them:
    whoever said no is not asked again, and a limit of their own is not ours to change.
    """
    why = WHY[reason]
    known = {detail: DETAILS[detail] for detail, n in counts.items() if n and detail in DETAILS}
    if not known:
        return why
    first = next(iter(known.values()))
    if reason == MessageReason.NO_PERMISSION:
        asking = sum(counts[detail] for detail, words in known.items() if words.asks)
        if asking and asking == sum(counts.values()):
            return why
        if asking:
            return replace(why, remedy=_ask(asking))
    elif reason not in _OTHERWISE or sum(counts[detail] for detail in known) < whole:
        return why
    return replace(why, remedy=first.remedy, place=first.place)


def _ask(asking: int) -> str:
    return ngettext(
        "Ask the %(n)s who has not said no: in a form, at checkout or at the till",
        "Ask the %(n)s who have not said no: in a form, at checkout or at the till",
        asking,
    ) % {"n": num(asking)}


def why_of(reason: str) -> ReasonWords | None:
    """Our words for a reason; None where it is the provider's own."""
    return WHY.get(reason) or FAULTS.get(reason)


MERGED = ReasonWords(
    _("Merged"),
    _("Was merged into another person while the mail waited."),
    "users", _("Who they are now is the other person"),
)  # fmt: skip


# of what is queued still, and leaves by itself
HELD = ReasonWords(
    _("Waits for its hour"),
    _("By quiet hours, or by the law of where they live, nobody may reach them now."),
    "moon", _("Nothing to do here"),
)  # fmt: skip


def remedy_url(why: ReasonWords, campaign: Campaign) -> str:
    """Where the remedy is, or ""."""
    if why.place in STEPS:
        return reverse("campaigns:step", args=[campaign.slug, why.place])
    return place_of(why.place)


def place_of(name: str) -> str:
    """The address of a page by its name, or ""."""
    return resolve([name]) if name else ""


def detail_of(said: WhyNot | None) -> Text:
    """More of a reason in a word or two, as "withdrew"; "" where no more is known."""
    words = DETAILS.get(said.detail) if said else None
    return words.label if words else ""


def remedy_of(why: ReasonWords, url: str) -> Text:
    """What to do; nothing, where the place for it does not exist."""
    return why.remedy if url or not why.place else _("Nothing to do here")


def label_of(reason: str) -> Text:
    """The reason in a word or two; the provider's own word where it is none of ours."""
    why = why_of(reason)
    return why.label if why else reason
