"""The unit of work that looks up who asked for a new password, and writes them the mail.

A stranger learns nothing by how long an answer takes: who it is that forgot a password is asked
here, when the answer has long been given.
"""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from config.workspace.joining import letters, links
from config.workspace.models import AccessLink, User
from config.workspace.work.due import WORK
from config.workspace.work.pruning import PORTION, PRUNERS, before, deleted
from config.workspace.work.waiting import WAITING

PORTION_OF_LINKS: Final = 20
MOST_OF_ONE: Final = 5  # users with one address
OLD: Final = """
    DELETE FROM access_link WHERE id IN (SELECT id FROM access_link WHERE expires_at < %s LIMIT %s)
"""


@WORK.register(links.UNIT, order=96)
@transaction.atomic
def look_up_due() -> int:
    """Of some who asked; how many."""
    asked = AccessLink.objects.select_for_update(skip_locked=True, of=("self",))
    rows = list(
        asked.filter(kind=links.Kind.RESET, user=None).order_by("created_at")[:PORTION_OF_LINKS]
    )
    for row in rows:
        _look_up(row)
    return len(rows)


def _look_up(asked: AccessLink) -> None:
    """A link for each user of that name or address; none, and nothing is left of who asked.

    Whoever comes in by another way alone (no password) gets none.
    """
    asked.delete()
    left = asked.expires_at - timezone.now()
    if left.total_seconds() <= 0:
        return
    typed = asked.email
    known = User.objects.filter(Q(email__iexact=typed) | Q(username=typed), is_active=True)
    users = [user for user in known.exclude(email="").order_by("pk") if user.has_usable_password()]
    for user in users[:MOST_OF_ONE]:
        links.end_resets(user)
        link = AccessLink.objects.create(
            kind=links.Kind.RESET,
            user=user,
            email=user.email,
            language=user.locale or asked.language,
            expires_at=asked.expires_at,
        )
        letters.send(link, left)


@PRUNERS.register("access_links")
def prune(now: datetime) -> int:
    """Links whose time has been over for ACCESS_LINK_DAYS."""
    until = before(now, "ACCESS_LINK_DAYS")
    return deleted(OLD, [until, PORTION]) if until else 0


WAITING.register(links.UNIT)(
    "SELECT min(created_at) FROM access_link WHERE kind = 'reset' AND user_id IS NULL"
)
