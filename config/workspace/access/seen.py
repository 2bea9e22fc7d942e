"""Sessions as their user sees them: from what, from about where, since and until when.

A row is written with the log-in and brought up to date every few minutes. It
holds no whole address. One whose password has changed, or that was ended with all others, is not
listed: its `mark` is not the user's any more.
"""

import hashlib
from datetime import datetime
from typing import Final

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from config.workspace import audit
from config.workspace.access.client_address import address_of, masked_network
from config.workspace.models import SeenSession, User
from config.workspace.work.pruning import PORTION, PRUNERS, deleted

LISTED: Final = "listed"  # in the session: row, key and mark that it is listed under
# what a browser says of itself, the particular before the general
BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS: Final = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
OVER: Final = """
    DELETE FROM seen_session WHERE id IN (
        SELECT s.id FROM seen_session s WHERE NOT EXISTS (
            SELECT 1 FROM django_session d WHERE d.session_key = s.session_key) LIMIT %s)
"""


def note(request: HttpRequest, *, is_seen: bool) -> None:
    """List the session that this request came with, or ends with; `is_seen`: it was just used.

    A statement with the log-in, and one each time that `is_seen` or that its key is another.
    """
    session = request.session
    key, user_id = session.session_key, session.get(SESSION_KEY)
    if not key or not user_id:
        return
    mark = mark_of(session.get(HASH_SESSION_KEY, ""))
    number, known_key, known_mark = session.get(LISTED, (None, "", ""))
    if (known_key, known_mark) == (key, mark) and not is_seen:
        return
    now = timezone.now()
    rows = SeenSession.objects.filter(pk=number, user_id=user_id)
    said = {
        "session_key": key,
        "mark": mark,
        "seen_at": now,
        "address": masked_network(address_of(request)),
    }
    if number is None or not rows.update(**said):
        browser, system = device_of(request.headers.get("User-Agent", ""))
        row = SeenSession(user_id=user_id, browser=browser, system=system, began_at=now, **said)
        row.save()
        number = row.pk
    session[LISTED] = [number, key, mark]


def of_user(user: User) -> list[SeenSession]:
    """Those that go on, the newest use first. One query."""
    alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    rows = SeenSession.objects.filter(
        user=user, mark=mark_of(user.get_session_auth_hash()), session_key__in=alive
    )
    return list(rows.order_by("-seen_at", "-pk"))


@transaction.atomic
def end(user: User, number: int) -> bool:
    """End one of this user's own sessions; False where it is none of theirs."""
    row = SeenSession.objects.filter(user=user, pk=number).first()
    if row is None:
        return False
    Session.objects.filter(session_key=row.session_key).delete()
    row.delete()
    audit.record("session.ended", "user", str(user.pk))
    return True


def mark_of(session_hash: str) -> str:
    """Says whether two hashes of sessions are the same, and nothing of them."""
    return hashlib.sha256(session_hash.encode()).hexdigest()[:16]


def device_of(agent: str) -> tuple[str, str]:
    """Browser and system by name; "" for what is not known."""
    return _named(BROWSERS, agent), _named(SYSTEMS, agent)


def device_in_words(row: SeenSession) -> str:
    """`Firefox on Windows`."""
    if not row.browser:
        return _("Another program")
    if not row.system:
        return row.browser
    return _("%(browser)s on %(system)s") % {"browser": row.browser, "system": row.system}


def _named(names: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for sign, name in names if sign in agent[:500]), "")


@PRUNERS.register("seen_sessions")
def prune(_now: datetime) -> int:
    """Rows whose session is over."""
    return deleted(OVER, [PORTION])
