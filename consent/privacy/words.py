"""What a request says in words: tables as what they hold, and the one next step."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from consent.models import PrivacyRequest
from consent.models.privacy import RequestType
from consent.privacy import archive
from consent.privacy.deadlines import AT_ONCE, Unit
from consent.privacy.requests import BY_HAND

TABLES: dict[str, str | Promise] = {
    "alias_pending": gettext_lazy("Events on their way to another number"),
    "audit_entry": gettext_lazy("Looks and changes by the team"),
    "consent_entry": gettext_lazy("History of permissions"),
    "consent_state": gettext_lazy("Permissions as they stand"),
    "contact_count": gettext_lazy("Counts of messages a day"),
    "content_version": gettext_lazy("Texts of single messages"),
    "data_warning": gettext_lazy("Examples in warnings about data"),
    "enrolment": gettext_lazy("Places in campaigns"),
    "enrolment_transition": gettext_lazy("Steps taken in campaigns"),
    "event": gettext_lazy("Events"),
    "event_item": gettext_lazy("Lines of orders"),
    "event_state": gettext_lazy("Sums of conversions"),
    "identifier": gettext_lazy("Identifiers"),
    "identifier_key": gettext_lazy("Look-ups of identifiers"),
    "identifier_link": gettext_lazy("Identifiers named together"),
    "identity_link": gettext_lazy("Links that proved who they are"),
    "inbox": gettext_lazy("Calls that could not be worked off"),
    "job": gettext_lazy("Results of jobs"),
    "membership": gettext_lazy("Places in segments"),
    "merge": gettext_lazy("Joins of people"),
    "merge_pending": gettext_lazy("Joins to come"),
    "message": gettext_lazy("Messages"),
    "message_chunk": gettext_lazy("Messages waiting for a worker"),
    "message_reference": gettext_lazy("References of providers"),
    "privacy_request": gettext_lazy("Privacy requests"),
    "profile": gettext_lazy("Profile"),
    "profile_change": gettext_lazy("Changes that segments have not seen"),
    "profile_trait": gettext_lazy("Traits"),
    "request_comment": gettext_lazy("Comments of the team on requests"),
    "rejection": gettext_lazy("Refused calls"),
    "request_letter": gettext_lazy("Letters about privacy requests"),
    "score": gettext_lazy("Scores"),
    "suppression": gettext_lazy("Suppressed addresses"),
    "trait_history": gettext_lazy("Former values of traits"),
    "outgoing_mail": gettext_lazy("Letters and links that we sent"),
    "opendsr_callback": gettext_lazy("Callbacks to other systems"),
    "file:mailbox": gettext_lazy("Mails in the demo mailbox"),
    "webhook_delivery": gettext_lazy("Calls to other systems"),
}


def table_in_words(table: str) -> str:
    """What it holds; the name of a table that nobody has put into words."""
    return str(TABLES.get(table, table))


def period_in_words(n: int, unit: str) -> str:
    """A time of a deadline, as "1 month" or "10 business days"."""
    words = {
        Unit.HOUR: ngettext("%(n)d hour", "%(n)d hours", n),
        Unit.DAY: ngettext("%(n)d day", "%(n)d days", n),
        Unit.BUSINESS_DAY: ngettext("%(n)d business day", "%(n)d business days", n),
        Unit.MONTH: ngettext("%(n)d month", "%(n)d months", n),
    }
    return words[Unit(unit)] % {"n": n}


ORIGINS: dict[str, str | Promise] = {
    "api": gettext_lazy("API"),
    "console": gettext_lazy("somebody of the team"),
    "opendsr": "OpenDSR",
    "preferences": gettext_lazy("the preference page"),
    "own_page": gettext_lazy("the person's own page"),
}


def origin_in_words(origin: str) -> str:
    """By which way a request came."""
    return str(ORIGINS.get(origin, origin))


@dataclass(frozen=True)
class NextStep:
    """The one thing to do: what, why, the turn that does it, and the button that says so."""

    title: str
    text: str
    turn: str = ""
    button: str = ""
    is_final: bool = False


def next_step(request: PrivacyRequest) -> NextStep:
    """By the type and by where it stands."""
    if request.status == PrivacyRequest.Status.COMPLETED:
        return NextStep(_("Done"), _("Nothing is left to do. Tell the person, if you have not."))
    if request.status == PrivacyRequest.Status.CANCELLED:
        return NextStep(_("Cancelled"), request.closed_because or _("Nothing was done."))
    if request.status == PrivacyRequest.Status.IN_PROGRESS and request.type not in BY_HAND:
        return NextStep(
            _("Being carried out"), _("The worker is at it; this page shows when it is done.")
        )
    if request.type not in AT_ONCE and not request.proven_at:
        return NextStep(
            _("Make sure that it is them"),
            _("Confirm once you know that whoever asks has an address that you know them by."),
            "confirm",
            _("Confirm: it is them"),
        )
    return _last_step(request)


def _last_step(request: PrivacyRequest) -> NextStep:
    if request.type == RequestType.ERASURE:
        return NextStep(
            _("Erase"),
            _("This cannot be undone. See below what goes and what stays."),
            "complete",
            _("Erase this person for good"),
            is_final=True,
        )
    if request.type in archive.TYPES:
        return NextStep(
            _("Make the archive"),
            _("Everything that is held of them, in one file."),
            "complete",
            _("Make the archive"),
        )
    if request.type == RequestType.RESTRICTION:
        return NextStep(
            _("Restrict"),
            _("Their data stays, and nothing uses it: no message, no campaign."),
            "complete",
            _("Restrict this person"),
        )
    return NextStep(
        _("Do it by hand, then close"),
        _("Change what is wrong where it came from or on their page, then say that it is done."),
        "complete",
        _("It is done"),
    )


def is_overdue(request: PrivacyRequest) -> bool:
    """Whether its time is over and it is open."""
    return request.is_open and request.due_at < timezone.now()


def clock_tone(request: PrivacyRequest) -> Any:
    """How its due time looks: `bad` when over or within a day, `warn` within three, else quiet."""
    left = request.due_at - timezone.now()
    if not request.is_open:
        return ""
    return "bad" if left.days < 1 else "warn" if left.days < 3 else ""  # noqa: PLR2004 - days
