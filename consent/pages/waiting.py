"""What of privacy waits for somebody, as numbers in the menu."""

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import ngettext

from config.console.shell.waiting import WAITING, Counter, Waiting
from consent.incidents.reporting import clocks
from consent.models import Incident, PrivacyRequest
from consent.privacy.words import LATE, SOON


def _requests() -> Waiting | None:
    """Open ones, in the tone of the one that is due first."""
    now = timezone.now()
    found = PrivacyRequest.objects.filter(status__in=PrivacyRequest.OPEN).aggregate(
        n=Count("pk"),
        late=Count("pk", filter=Q(due_at__lt=now + LATE)),
        soon=Count("pk", filter=Q(due_at__lt=now + SOON)),
    )
    words = ngettext("%(n)d open request", "%(n)d open requests", found["n"]) % {"n": found["n"]}
    tone = "bad" if found["late"] else "warn" if found["soon"] else ""
    return Waiting(found["n"], tone, words)


def _incidents() -> Waiting | None:
    """Open ones, late where a law's time to tell somebody is over. One query, and one each."""
    rows = list(Incident.objects.filter(status=Incident.Status.OPEN)[:20])
    running = [one for row in rows for one in clocks(row) if one.told_at is None]
    words = ngettext("%(n)d open incident", "%(n)d open incidents", len(rows)) % {"n": len(rows)}
    tone = "bad" if any(one.is_late for one in running) else "warn" if running else ""
    return Waiting(len(rows), tone, words)


WAITING.register("requests")(Counter("privacy.view", _requests))
WAITING.register("incidents")(Counter("privacy.view", _incidents))
