"""Sends the links that were asked for, to verified addresses of people and to nobody else."""

from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from config.workspace import audit
from config.workspace.mails.outgoing import ServiceMail, write
from config.workspace.selectors import workspace
from consent.letters.languages import letter_language
from consent.letters.plain import plain
from consent.models import IdentityLink, PrivacyRequest
from consent.proof import links
from consent.proof.links import End
from consent.suppression.suppressing import silenced
from profiles.models import Identifier, IdentifierKey, Profile
from profiles.people.lineage import today_id

AT_ONCE: Final = 50  # of one run


def issue_due() -> int:
    """How many were sent, or found to be nobody's."""
    done = 0
    while done < AT_ONCE and _issue_one():
        done += 1
    return done


@transaction.atomic
def _issue_one() -> bool:
    rows = IdentityLink.objects.filter(sent_at=None, ended_at=None).order_by("asked_at")
    row = rows.select_for_update(skip_locked=True, of=("self",)).first()
    if row is None:
        return False
    address = links.address_of_link(row)
    whose = _whose(row, address)
    row.sealed = b""
    if isinstance(whose, Identifier):
        _send(row, address, whose)
    else:
        row.ended_at, row.ended_because = timezone.now(), whose
    row.save()
    return True


def _whose(row: IdentityLink, address: str) -> Identifier | End:
    """The verified identifier, of the request's person where it is for one; else why not."""
    key = IdentifierKey.objects.filter(kind="email", value=address).first()
    owned = Identifier.objects.filter(profile_id=key.profile_id, pk=key.pk) if key else None
    found = owned.exclude(verified_at=None).first() if owned else None
    if found is None or not Profile.objects.living().filter(pk=found.profile_id).exists():
        return End.NOT_THEIRS
    asks = row.request
    if asks is not None and found.profile_id != today_id(asks.profile_id or 0):
        return End.NOT_THEIRS
    return End.SUPPRESSED if silenced("email", [bytes(row.digest)]).exists() else found


def _send(row: IdentityLink, address: str, whose: Identifier) -> None:
    now = timezone.now()
    others = IdentityLink.objects.filter(request_id=row.request_id, digest=row.digest)
    others.filter(used_at=None, ended_at=None, sent_at__isnull=False).update(
        ended_at=now, ended_because=End.REPLACED
    )
    row.profile_id, row.identifier_id = whose.profile_id, whose.pk
    row.sent_at, row.expires_at = now, now + links.VALID
    token = links.new_token(row)
    language = letter_language(row.language, _language_of(whose.profile_id))
    with translation.override(language):
        mail = link_mail(
            row.request, address, f"{settings.BASE_URL}/privacy/link/{token}/?lang={language}"
        )
    row.mail_id = write("identity_link", f"identity_link:{row.pk}", mail, lasting=links.VALID).pk
    if row.request is not None:
        PrivacyRequest.objects.filter(pk=row.request.pk, confirmed_at=None).update(confirmed_at=now)
        audit.record("privacy.link_sent", "privacy_request", str(row.request.public_id))


def _language_of(profile_id: int) -> str:
    rows = Profile.objects.filter(pk=profile_id).values_list("locale", flat=True)
    return rows.first() or ""


def link_mail(request: PrivacyRequest | None, address: str, url: str) -> ServiceMail:
    """What the mail says, in the language that is active."""
    who = workspace().name
    minutes = int(links.VALID.total_seconds() // 60)
    if request is None:
        subject = _("Your link to your data and settings at %(who)s") % {"who": who}
        first = _(
            "You asked %(who)s for a link to see what you allow us, and to ask about your data."
        ) % {"who": who}
        button = _("Open my page")
    else:
        subject = _("Please confirm what you asked %(who)s: %(what)s") % {
            "who": who,
            "what": plain(request.type),
        }
        first = _(
            "We have received your request: %(what)s. Before we go on we have to know that it is"
            " you who asks."
        ) % {"what": plain(request.type)}
        button = _("Confirm that it is me")
    return ServiceMail(
        address,
        subject,
        [_("Hello,"), first],
        button,
        url,
        [
            _("The link works once, and for %(n)d minutes.") % {"n": minutes},
            _("It was not you? Then do nothing: without the link nobody sees or changes anything."),
        ],
        translation.get_language() or "en",
    )
