"""The link to a file: for whoever has it, until the file ends or is taken away."""

from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.db.models import F
from django.http import FileResponse
from django.utils import timezone

from config.workspace import audit
from config.workspace.roles.callers import KeyUser
from config.workspace.zones import workspace_zone
from profiles.selectors.masking import shown_to
from segments.exports import files
from segments.exports.formats import MIME
from segments.models.export import PeopleExport

SALT: Final = "segments.exports"


def state_of(export: PeopleExport) -> str:
    """queued, running, done, failed, revoked, expired or erased."""
    if export.gone_at is not None and export.status != PeopleExport.Status.FAILED:
        return export.gone_why
    return str(export.status)


def is_open(export: PeopleExport) -> bool:
    """Whether the file can be fetched."""
    is_over = export.expires_at is not None and export.expires_at <= timezone.now()
    return state_of(export) == PeopleExport.Status.DONE and not is_over


def is_theirs(export: PeopleExport, who: Any) -> bool:
    """Whether somebody may have the file: what another asked for shows what the other sees, so it
    is for who sees everything of people.
    """
    if isinstance(who, KeyUser):
        own = export.api_key_id == who.key.pk
    else:
        own = export.created_by_id is not None and export.created_by_id == who.pk
    return own or shown_to(who).personal


def url_of(export: PeopleExport, who: Any) -> str:
    """Made anew for whoever may have it; "" where there is no file."""
    if not is_open(export) or not is_theirs(export, who):
        return ""
    token = signing.dumps(str(export.public_id), salt=SALT)
    return f"{settings.BASE_URL}/exports/{token}/"


def by_token(token: str) -> PeopleExport | None:
    """The one whose file this link is; None where it is no link of ours, or its time is over."""
    try:
        public_id = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    found = PeopleExport.objects.filter(public_id=public_id).first()
    return found if found is not None and is_open(found) else None


def answer(export: PeopleExport) -> Any:
    """The file, counted and in the trail. Raises FileNotFoundError."""
    file = files.whole_of(export).open("rb")
    PeopleExport.objects.filter(pk=export.pk).update(downloads=F("downloads") + 1)
    audit.record("export.downloaded", "export", str(export.public_id))
    day = timezone.localdate(export.created_at, workspace_zone())
    name = f"people-{day}.{export.format}"
    response = FileResponse(file, as_attachment=True, filename=name)
    response["Content-Type"] = MIME[export.format]
    response["Cache-Control"] = "no-store, private"
    return response


def revoke(export: PeopleExport) -> None:
    """Take the file away, or stop its making."""
    files.take_away(export, files.REVOKED)
    audit.record("export.revoked", "export", str(export.public_id))
