"""What bounces lead to: a suppressed address, an event of the person, a bad list stopped."""

from collections.abc import Sequence
from typing import Protocol

from django.db import transaction

from campaigns.engine.status import WrongStatus, pause, pause_words
from campaigns.models import Campaign, Message
from campaigns.outcomes import told
from campaigns.outcomes.events import Happened, tell
from consent.channels import contact_kind
from consent.models import Suppression
from consent.suppression.suppressing import suppress_many

FIRST = 1000
BOUNCE_SHARE = 0.05  # of the first thousand


class Bounced(Protocol):
    """A message that bounced."""

    @property
    def profile_id(self) -> int:
        """Under whom it stands."""

    @property
    def person_id(self) -> int:
        """Who the person is today."""

    @property
    def message_id(self) -> int:
        """Its id."""

    @property
    def address(self) -> str:
        """Where it went."""


@transaction.atomic
def note_bounces(
    channel: str, event: str, campaign_id: int | None, bounced: Sequence[tuple[Bounced, str]]
) -> None:
    """Suppress the addresses, tell the people of it (as `event`, "" for nothing), and pause a send
    that bounces too much.
    """
    if kind := contact_kind(channel):
        suppress_many(
            kind,
            [letter.address for letter, _word in bounced],
            reason=Suppression.Reason.HARD_BOUNCE,
            details=[word for _letter, word in bounced],
        )
    tell(
        [
            Happened(event, letter.person_id, letter.message_id, {"reason": word})
            for letter, word in bounced
            if event
        ],
        {letter.profile_id for letter, _word in bounced},
    )
    told.of_messages(
        told.BOUNCED,
        {letter.profile_id for letter, _word in bounced},
        {letter.message_id for letter, _word in bounced},
    )
    if campaign_id is not None:
        _pause_bad_list(campaign_id)


def _pause_bad_list(campaign_id: int) -> None:
    """5 % hard bounces within the first thousand messages stop the send."""
    rows = Message.objects.filter(campaign_id=campaign_id)
    bounced = rows.filter(state="bounced").count()
    if bounced < FIRST * BOUNCE_SHARE:
        return
    handed = bounced + rows.filter(state__in=["sent", "delivered"]).count()
    if handed > FIRST:
        return
    values = {"share": round(100 * bounced / handed), "sent": handed}
    try:
        pause(Campaign.objects.get(pk=campaign_id), reason=pause_words("bounces", values))
    except WrongStatus:
        return
