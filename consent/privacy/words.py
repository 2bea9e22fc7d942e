"""What a request says in words: tables as what they hold, times, by which way it came."""

from datetime import timedelta
from typing import Any, Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, ngettext

from consent.models import PrivacyRequest
from consent.privacy.deadlines import Unit

LATE: Final = timedelta(days=1)  # a request that is due so soon is in red
SOON: Final = timedelta(days=3)  # and in amber
TABLES: dict[str, str | Promise] = {
    "alias_pending": gettext_lazy("Events on their way to another number"),
    "archive_download": gettext_lazy("Downloads of archives"),
    "archive_redaction": gettext_lazy("What was withheld in archives"),
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


def is_overdue(request: PrivacyRequest) -> bool:
    """Whether its time is over and it is open."""
    return request.is_open and request.due_at < timezone.now()


def clock_tone(request: PrivacyRequest) -> Any:
    """How its due time looks: `bad` when over or within LATE, `warn` within SOON, else quiet."""
    left = request.due_at - timezone.now()
    if not request.is_open:
        return ""
    return "bad" if left < LATE else "warn" if left < SOON else ""
