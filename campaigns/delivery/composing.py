"""A batch, written before anything is marked: a message that fails costs no other.

What fails for everybody is no person's fault: then nothing is marked, everyone stays queued, and
the campaign says what holds it up.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import django.db

from campaigns import standing_words
from campaigns.channels.base import (
    FAILED,
    Channel,
    Letter,
    Letterhead,
    OwnLink,
    Parcel,
    ParcelOutcome,
)
from campaigns.content.errors import Abort, ContentError
from campaigns.content.sandbox.calls import CannotRun, NotTried, Unavailable, Unexpected
from campaigns.faults import CannotGoOn, place_of
from campaigns.models import Message

log = logging.getLogger(__name__)
CANCELLED = "cancelled"
INTERNAL_ERROR = "internal_error"


@dataclass(slots=True)
class Composed:
    """What can be handed over, and what became of the others, by message."""

    parcels: dict[int, Parcel] = field(default_factory=dict)
    refused: dict[int, ParcelOutcome] = field(default_factory=dict)
    untried: set[int] = field(default_factory=set)  # stay queued: others used up the time
    _errors: list[Exception] = field(default_factory=list)

    @property
    def links(self) -> dict[int, Sequence[OwnLink]]:
        """By message: the links whose address is this person's own."""
        return {key: parcel.links for key, parcel in self.parcels.items() if parcel.links}

    def reference_of(self, outcome: ParcelOutcome) -> str:
        """By what the provider names it: in its own word, or as we chose."""
        parcel = self.parcels.get(outcome.key)
        return outcome.reference or (parcel.reference if parcel else "")

    def refuse(self, letter: Letter, kind: str, word: str) -> None:
        """This one is not handed over, and why."""
        self.refused[letter.message_id] = ParcelOutcome(letter.message_id, kind, word)

    def fail(self, letter: Letter, error: Exception, word: str) -> None:
        """The same, for an error that may be everybody's."""
        self._errors.append(error)
        self.refuse(letter, FAILED, word)

    @property
    def common_error(self) -> Exception | None:
        """The error by which every single one of the batch failed, in the same way."""
        alike = {(type(error), str(error)) for error in self._errors}
        whole = len(self._errors) == len(self.refused) and not self.parcels
        return self._errors[-1] if whole and len(alike) == 1 else None


def compose(channel: Channel, letters: Sequence[Letter], head: Letterhead) -> Composed:
    """Write each. Raises what fails for everybody: CannotGoOn, or the error as it came."""
    composed = Composed()
    try:
        written = channel.compose(letters, head)
    except Unavailable as error:
        raise CannotGoOn(standing_words.NOT_WRITTEN % {"why": standing_words.NO_PROCESS}) from error
    for letter, parcel in zip(letters, written, strict=True):
        _note(composed, letter, parcel)
    common = composed.common_error
    if common is not None:
        _raise_if_for_everybody(common, channel, letters, head)
    return composed


def _note(composed: Composed, letter: Letter, written: Parcel | Exception) -> None:
    if not isinstance(written, Exception):
        composed.parcels[letter.message_id] = written
    elif isinstance(written, NotTried):
        composed.untried.add(letter.message_id)
    elif isinstance(written, Abort):
        composed.refuse(letter, CANCELLED, written.reason)
    elif isinstance(written, ContentError):
        word = written.code if isinstance(written, CannotRun) else str(written)
        composed.fail(letter, written, word)
    else:
        where = str(written) if isinstance(written, Unexpected) else place_of(written)
        log.error("message %s cannot be written: %s", letter.public_id, where)
        composed.fail(letter, written, INTERNAL_ERROR)


def _raise_if_for_everybody(
    error: Exception, channel: Channel, letters: Sequence[Letter], head: Letterhead
) -> None:
    if not _fails_for_nobody_in_particular(channel, letters[0], head):
        return
    if not isinstance(error, ContentError):
        raise error
    # a template may well fail on nobody's empty data and go for everyone else
    if len(letters) > 1 and not _has_gone(letters[0]):
        raise CannotGoOn(standing_words.NOT_WRITTEN % {"why": error}) from error


def _fails_for_nobody_in_particular(channel: Channel, letter: Letter, head: Letterhead) -> bool:
    """Whether it fails without this person's data as well."""
    nobody = replace(letter, person=None, data={}, name="", address=channel.example_address)
    try:
        written = channel.compose([nobody], head)[0]
    except django.db.Error:  # says nothing of the content
        raise
    except Exception:
        return True
    return isinstance(written, Exception) and not isinstance(written, Abort)


def _has_gone(letter: Letter) -> bool:
    """Whether any message of this content was handed over before."""
    own = Message.objects.filter(profile_id=letter.profile_id, id=letter.message_id)
    campaign_id = own.values_list("campaign_id", flat=True).first()
    rows = Message.objects.filter(campaign_id=campaign_id, sent_at__isnull=False)
    return rows.filter(content_version_id=letter.content_version_id).exists()
