"""The mail that brings a link, over `mails`; where none leaves, none is written.

The demo mailbox shows what it takes to whoever may see people: no link may lie in it.
"""

from datetime import timedelta

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from config.workspace.access import tokens
from config.workspace.mails import outgoing
from config.workspace.mails.outgoing import ServiceMail
from config.workspace.models import AccessLink, OutgoingMail, User
from config.workspace.selectors import workspace

TAKEN_BACK = "taken back"


def is_possible() -> bool:
    """Whether mails leave this installation. One query."""
    return outgoing.leave()


def address_of(link: AccessLink) -> str:
    """The link, as long as it works; whoever has it may use it."""
    path = {"invitation": "invitation", "reset": "reset"}[link.kind]
    token = tokens.issue(f"access.{link.kind}", link.pk, link.round)
    return f"{settings.BASE_URL}/console/{path}/{token}/"


def key_of(link: AccessLink) -> str:
    """Of its newest mail."""
    return f"access_link:{link.pk}:{link.round}"


def send(link: AccessLink, lasting: timedelta) -> bool:
    """Have it mailed, in the caller's transaction; False where there is no way or no address."""
    if not (is_possible() and link.email):
        return False
    language = link.language or workspace().locale
    with translation.override(language):
        mail = _invitation(link, language) if link.role else _reset(link, language)
    outgoing.write(link.kind, key_of(link), mail, lasting=lasting)
    return True


def take_back(link: AccessLink) -> None:
    """One that still waits is not sent any more."""
    rows = OutgoingMail.objects.filter(key=key_of(link), sent_at=None, failed_at=None)
    for row in rows:
        outgoing.given_up(row, TAKEN_BACK)


def mails_of(links: list[AccessLink]) -> dict[int, OutgoingMail]:
    """The newest mail of each link that has one, by the link's id. One query."""
    keys = {key_of(link): link.pk for link in links}
    return {keys[row.key]: row for row in OutgoingMail.objects.filter(key__in=list(keys))}


def _name(user: User | None) -> str:
    """On one line: it stands in a subject."""
    return " ".join((user.get_full_name() or user.username).split()) if user else ""


def _invitation(link: AccessLink, language: str) -> ServiceMail:
    name = workspace().name  # also of whoever invites by a key of the API
    words = {"by": _name(link.created_by) or name, "workspace": name}
    return ServiceMail(
        link.email,
        _("%(by)s invites you to %(workspace)s") % words,
        [_("%(by)s invites you to work in %(workspace)s.") % words],
        _("Choose a name and a password"),
        address_of(link),
        [_("The link works once, for seven days. If you did not expect it, leave it alone.")],
        language,
    )


def _reset(link: AccessLink, language: str) -> ServiceMail:
    words = {"name": _name(link.user), "workspace": workspace().name}
    return ServiceMail(
        link.email,
        _("A new password for %(workspace)s") % words,
        [
            _("Hello %(name)s,") % words,
            _("somebody asked for a new password for you in %(workspace)s.") % words,
        ],
        _("Choose a new password"),
        address_of(link),
        [_("The link works once, for an hour. If it was not you, leave it alone.")],
        language,
    )
