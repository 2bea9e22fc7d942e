"""Hands an archive over: a link that ends, may be revoked, and closes after some downloads."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from config.workspace import audit
from config.workspace.access.client_address import masked_network
from config.workspace.digests import key_digest
from config.workspace.models import User
from config.workspace.work.pruning import PRUNERS
from consent.archives import files
from consent.letters import sending
from consent.letters.languages import letter_language
from consent.models import ArchiveDownload, PersonArchive, PrivacyRequest, RequestLetter
from consent.privacy.requests import CannotBeDone, complete

DAYS, MOST_DAYS = 14, 60
DOWNLOADS, MOST_DOWNLOADS = 10, 100
KEPT: Final = timedelta(days=60)  # a file that nobody handed over


def state_of(archive: PersonArchive, now: datetime | None = None) -> str:
    """making, review, open, revoked, expired, used_up or gone."""
    at = now or timezone.now()
    if archive.made_at is None:
        return "making"
    if archive.gone_at is not None:
        return "gone"
    if archive.revoked_at is not None:
        return "revoked"
    if archive.released_at is None:
        return "review"
    if archive.expires_at is not None and archive.expires_at <= at:
        return "expired"
    return "used_up" if archive.downloads >= archive.most_downloads else "open"


def is_open(archive: PersonArchive) -> bool:
    """Whether the person can fetch it."""
    return state_of(archive) == "open"


@transaction.atomic
def release(
    request: PrivacyRequest, user: User | None, *, days: int = DAYS, downloads: int = DOWNLOADS
) -> PersonArchive:
    """Hand it over as it is redacted, and close the request; the letter has the link.

    Without an address it is released all the same: whoever answers gives it to the person. Raises
    CannotBeDone.
    """
    archive = PersonArchive.objects.select_for_update().filter(request=request).first()
    if archive is None or archive.made_at is None or archive.gone_at is not None:
        raise CannotBeDone(_("There is no file of it now. Make it anew."))
    if is_open(archive):
        raise CannotBeDone(_("It was handed over already."))
    if not 1 <= days <= MOST_DAYS or not 1 <= downloads <= MOST_DOWNLOADS:
        raise CannotBeDone(
            _("A link lasts 1 to %(days)d days, for 1 to %(n)d downloads.")
            % {"days": MOST_DAYS, "n": MOST_DOWNLOADS}
        )
    token, now = secrets.token_urlsafe(32), timezone.now()
    archive.token_digest, archive.link_number = key_digest(token), archive.link_number + 1
    archive.released_at, archive.released_by, archive.revoked_at = now, user, None
    archive.expires_at = now + timedelta(days=days)
    archive.downloads, archive.most_downloads = 0, downloads
    archive.save()
    audit.record("privacy.archive_released", "privacy_request", str(request.public_id))
    language = letter_language(request.language)
    with translation.override(language):
        button = _("Get my copy")
    url = f"{settings.BASE_URL}/privacy/archive/{token}/?lang={language}"
    sending.send(
        request,
        RequestLetter.Kind.ARCHIVE,
        url=url,
        button=button,
        again=str(archive.link_number),
    )
    if request.is_open:
        complete(request)
    return archive


@transaction.atomic
def revoke(request: PrivacyRequest) -> PersonArchive:
    """Nobody fetches it any more. Raises CannotBeDone."""
    archive = PersonArchive.objects.select_for_update().filter(request=request).first()
    if archive is None or archive.released_at is None or archive.revoked_at is not None:
        raise CannotBeDone(_("There is no link that could be revoked."))
    archive.revoked_at, archive.token_digest = timezone.now(), None
    archive.save()
    audit.record("privacy.archive_revoked", "privacy_request", str(request.public_id))
    return archive


def by_token(token: str) -> PersonArchive | None:
    """The one that a link of a letter names."""
    rows = PersonArchive.objects.select_related("request")
    return rows.filter(token_digest=key_digest(token)).first()


@transaction.atomic
def fetched(archive: PersonArchive, *, form: str, client: str) -> bool:
    """Count one download by the person, whose address is kept masked; False when it is closed."""
    rows = PersonArchive.objects.filter(pk=archive.pk, gone_at=None, revoked_at=None)
    n = rows.filter(
        released_at__isnull=False,
        expires_at__gt=timezone.now(),
        downloads__lt=F("most_downloads"),
    ).update(downloads=F("downloads") + 1)
    if not n:
        return False
    ArchiveDownload.objects.create(archive=archive, form=form, client=masked_network(client))
    request = str(archive.request.public_id)
    audit.record("privacy.archive_fetched", "privacy_request", request)
    return True


@PRUNERS.register("archives")
def prune(now: datetime) -> int:
    """Files whose link has ended, and those that nobody handed over, some at a time."""
    is_over = (
        Q(expires_at__lt=now)
        | Q(revoked_at__lt=now - timedelta(days=1))
        | Q(released_at=None, made_at__lt=now - KEPT)
    )
    there = PersonArchive.objects.filter(made_at__isnull=False, gone_at=None)
    rows = list(there.filter(is_over).select_related("request")[: files.AT_ONCE])
    return files.take_away(rows, now)
