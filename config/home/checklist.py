"""The first steps of an empty installation, ticked by facts."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Sender
from config.console.shell import places
from config.console.shell.theme import resolve
from config.workspace.models import AuditEntry, Job
from config.workspace.pages.open_pages import open_to
from consent.models import Purpose, Topic
from profiles.models import Source
from segments.models import Segment


@dataclass(frozen=True)
class Tick:
    """One step: what, why, done or not, where it is done, and the permission that it takes."""

    name: str
    title: Any
    text: Any
    done: bool
    url: str = ""
    button: Any = ""
    needs: str = ""


def first_event_received() -> bool:
    """Has any source of the user's own called? One small query."""
    return Source.objects.filter(is_internal=False, last_seen_at__isnull=False).exists()


def checklist(user: Any) -> list[Tick]:
    """The six steps. At most seven small queries, none over a table that grows without bound."""
    launched = Campaign.objects.filter(launched_at__isnull=False).exists()
    ticks = [
        Tick(
            "event",
            _("Receive the first event"),
            _("Make a source, take its write key, and send one call."),
            first_event_received(),
            resolve(["admin:profiles_source_add"]),
            _("Make a source"),
            "sources.edit",
        ),
        Tick(
            "import",
            _("Import your customers"),
            _("manage.py ingest --source NAME FILE takes JSON lines; nothing is sent to anybody."),
            _imported(),
        ),
        Tick(
            "purposes",
            _("Choose purposes and topics"),
            _(
                "What people may say yes or no to. Five purposes are there; "
                "add the topics you write about."
            ),
            Topic.objects.exists() or Purpose.objects.filter(is_ready_made=False).exists(),
            resolve(["consent:purposes", "admin:consent_purpose_changelist"]),
            _("Open the purposes"),
            "purposes.edit",
        ),
        Tick(
            "sender",
            _("Say who your mail is from"),
            _("A name, an address, and a postal address: marketing mail needs one."),
            Sender.objects.exists(),
            resolve(["admin:campaigns_sender_add"]),
            _("Add a sender"),
            "campaigns.edit",
        ),
        Tick(
            "segment",
            _("Build the first segment"),
            _("Say in a sentence who belongs together, and see how many they are."),
            Segment.objects.exists(),
            places.new_segment(),
            _("Build a segment"),
            "segments.edit",
        ),
        Tick(
            "mail",
            _("Send a test mail to yourself"),
            _("The demo mailbox catches it; nothing leaves this machine.")
            if not settings.EMAIL_URL
            else _("To the address of your own account."),
            launched or _tested(),
            places.new_campaign(),
            _("Write a campaign"),
            "campaigns.edit",
        ),
    ]
    return [replace(tick, url=open_to(user, tick.url)) for tick in ticks]


def _imported() -> bool:
    by_source = Source.objects.filter(
        Q(kind__in=[Source.Kind.IMPORT, Source.Kind.WAREHOUSE]),
        is_internal=False,
        last_seen_at__isnull=False,
    )
    return by_source.exists() or Job.objects.filter(kind__contains="import", state="done").exists()


def _tested() -> bool:
    """Asked only before the first launch, when the trail is short."""
    lately = timezone.now() - timedelta(days=30)
    rows = AuditEntry.objects.filter(target_kind="campaign", action="send_test", at__gte=lately)
    return rows.filter(detail__outcome="sent").exists()
