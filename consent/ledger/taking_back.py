"""Taking back what a public key said: nobody proved whose word it was."""

from django.db import transaction
from django.utils.translation import gettext as _

from config.workspace import audit
from consent.ledger.acts import UNDONE
from consent.ledger.recording import Statement, record_consents
from consent.models import ConsentEntry, ConsentState
from consent.models.ledger import ConsentStatus
from profiles.models import Profile


class CannotTakeBack(ValueError):
    """The statement does not stand, or was proven."""


@transaction.atomic
def take_back(*, profile: Profile, entry_id: int) -> None:
    """Make the permission what it was before the statement: never asked for.

    The statement stays in the history, and what takes it back cites it. Raises CannotTakeBack.
    """
    state = (
        ConsentState.objects.select_for_update()
        .filter(profile_id=profile.pk, entry_id=entry_id)
        .first()
    )
    entry = state and ConsentEntry.objects.filter(profile_id=profile.pk, pk=entry_id).first()
    if not state or not entry or not entry.evidence.get("proof"):
        raise CannotTakeBack(_("Only what stands, and nobody proved, can be taken back."))
    record_consents(
        [
            Statement(
                profile_id=profile.pk,
                purpose_id=state.purpose_id,
                channel=state.channel,
                contact_point=state.contact_point,
                topic_id=state.topic_key or None,
                status=ConsentStatus.EXPIRED,
                basis=entry.basis,
                evidence={"act": UNDONE, "restores": None},
                cites_id=entry.pk,
            )
        ]
    )
    audit.record(
        "consent.taken_back", "consent", str(entry.pk), fields=["status"], profile_id=profile.pk
    )
