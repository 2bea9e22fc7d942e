"""A restricted person: kept, and read by no rule, send, score or export, until it is lifted."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from config.workspace import audit
from consent.models import PrivacyRequest
from consent.models.privacy import RequestType
from consent.privacy.requests import CannotBeDone, complete
from profiles.changes import ANYTHING, announce
from profiles.models import Profile
from profiles.people.lineage import today_id

LIFTED = "lifted"  # of `result`: when, and why


@transaction.atomic
def restrict(request: PrivacyRequest) -> PrivacyRequest:
    """Carry the request out; segments leave the person out from their next run on."""
    if request.profile_id:
        _move(today_id(request.profile_id), Profile.State.ACTIVE, Profile.State.RESTRICTED)
    return complete(request)


@transaction.atomic
def lift(request: PrivacyRequest, *, because: str) -> PrivacyRequest:
    """The person's data may be worked with again. Raises CannotBeDone.

    The person is to be told before (GDPR, article 18, paragraph 3).
    """
    row = PrivacyRequest.objects.select_for_update().get(pk=request.pk)
    if not because.strip():
        raise CannotBeDone(_("Say why it is lifted: the person is told before."))
    if not is_restricting(row):
        raise CannotBeDone(_("Nobody is restricted by this request."))
    if not _move(today_id(row.profile_id or 0), Profile.State.RESTRICTED, Profile.State.ACTIVE):
        raise CannotBeDone(_("This person is not restricted any more."))
    row.result[LIFTED] = {"at": timezone.now().isoformat(), "because": because.strip()}
    row.save(update_fields=["result"])
    audit.record("privacy.lifted", "privacy_request", str(row.public_id))
    return row


def is_restricting(request: PrivacyRequest) -> bool:
    """Whether it was carried out, and not lifted since."""
    return (
        request.type == RequestType.RESTRICTION
        and request.status == PrivacyRequest.Status.COMPLETED
        and request.profile_id is not None
        and LIFTED not in request.result
    )


def _move(person: int, before: str, after: str) -> bool:
    n = Profile.objects.filter(pk=person, state=before).update(state=after)
    announce([person], [ANYTHING])
    return bool(n)
