"""Letters and links of requests that no mail server took."""

from dataclasses import dataclass
from datetime import datetime

from config.workspace.models import OutgoingMail
from consent.models import IdentityLink, PrivacyRequest, RequestLetter

MOST = 50


@dataclass(frozen=True)
class Undelivered:
    """One that was given up, and of which request it was."""

    request: PrivacyRequest
    failed_at: datetime
    why: str


def undelivered(since: datetime) -> list[Undelivered]:
    """The newest first; a link that was used after all is none. Three queries."""
    rows = OutgoingMail.objects.filter(created_at__gte=since, failed_at__gte=since)
    mails = {row.pk: row for row in rows.order_by("-failed_at")[:MOST]}
    if not mails:
        return []
    by_letter = RequestLetter.objects.filter(mail_id__in=mails).select_related("request")
    by_link = IdentityLink.objects.filter(mail_id__in=mails, request__proven_at=None)
    by_link = by_link.exclude(request=None).select_related("request")
    told = [(one.request, one.mail_id) for one in by_letter]
    told += [(one.request, one.mail_id) for one in by_link if one.request is not None]
    found = [
        Undelivered(request, failed_at, mails[number].last_error)
        for request, number in told
        if number is not None and (failed_at := mails[number].failed_at) is not None
    ]
    return sorted(found, key=lambda one: one.failed_at, reverse=True)
