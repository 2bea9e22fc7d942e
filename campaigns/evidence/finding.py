"""What somebody pastes into "Prove it": the number of a message, or an address."""

from dataclasses import dataclass, field

from campaigns.models import Message
from campaigns.people.whose import written_to
from config.workspace.selectors import workspace
from consent.ledger.history import history_of
from consent.models import ConsentEntry
from profiles.identifiers.normalise import normalise
from profiles.models import IdentifierKey, Profile
from profiles.people.lineage import person_today
from profiles.selectors.finding import as_uuid
from profiles.selectors.masking import Shown

MOST = 50
KINDS = ("email", "phone", "push_token")


@dataclass(frozen=True)
class FoundEvidence:
    """The one message that was named; or who has the address, their messages and permissions."""

    message: Message | None = None
    person: Profile | None = None
    messages: list[Message] = field(default_factory=list)
    entries: list[ConsentEntry] = field(default_factory=list)


def find(pasted: str, shown: Shown) -> FoundEvidence:
    """By a message's id (as in a mail's Message-ID, with or without its brackets) or an address.

    An address that the reader may not see finds nobody. Some five queries.
    """
    text = pasted.strip().strip("<>")
    public_id = as_uuid(text.partition("@")[0])
    if public_id:
        rows = Message.objects.filter(public_id=public_id).select_related("profile", "purpose")
        return FoundEvidence(message=rows.first())
    person = _person(text, shown)
    if person is None:
        return FoundEvidence()
    rows = Message.objects.filter(written_to(person.pk), sent_at__isnull=False)
    rows = rows.select_related("profile", "purpose").order_by("-queued_at", "-id")
    return FoundEvidence(None, person, list(rows[:MOST]), list(history_of(person.pk)[:MOST]))


def _person(text: str, shown: Shown) -> Profile | None:
    """Who has it today."""
    region = workspace().country
    wanted = {kind: normalise(kind, text, region) for kind in KINDS if shown.sees_key(kind, text)}
    for kind, value in wanted.items():
        rows = IdentifierKey.objects.filter(kind=kind, value=value) if value else None
        owner = rows.values_list("profile_id", flat=True).first() if rows is not None else None
        if owner:
            return person_today(owner)
    return None
