"""What somebody pastes into "Prove it": the number of a message, or an address."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import QuerySet

from campaigns.content.addresses import UnusableAddress, wire_domain
from campaigns.delivery import references
from campaigns.models import Message, Sender
from campaigns.people.whose import written_to
from config.workspace.selectors import workspace
from consent.ledger.history import history_of
from consent.models import ConsentEntry
from profiles.identifiers.typed import contact_of
from profiles.models import IdentifierKey, Profile
from profiles.people.lineage import person_today
from profiles.selectors.finding import as_uuid
from profiles.selectors.masking import Shown

MOST = 50


@dataclass(frozen=True)
class FoundEvidence:
    """The one message that was named; or who has the address, their messages and permissions."""

    message: Message | None = None
    person: Profile | None = None
    messages: list[Message] = field(default_factory=list)
    entries: list[ConsentEntry] = field(default_factory=list)


def find(pasted: str, shown: Shown) -> FoundEvidence:
    """By a message's id (as in a mail's Message-ID, with or without its brackets) or an address.

    An address that the reader may not see finds nobody. Some seven queries.
    """
    text = pasted.strip().strip("<>")
    public_id = as_uuid(text.partition("@")[0])
    if public_id:
        rows = _named(public_id, text.partition("@")[2])
        return FoundEvidence(message=rows.first())
    person = _person(text, shown)
    if person is None:
        return FoundEvidence()
    rows = Message.objects.filter(written_to(person.pk), sent_at__isnull=False)
    rows = rows.select_related("profile", "purpose").order_by("-queued_at", "-id")
    return FoundEvidence(None, person, list(rows[:MOST]), list(history_of(person.pk)[:MOST]))


def _named(public_id: UUID, domain: str) -> QuerySet[Message]:
    """The message of this id. A mail of late is found by its Message-ID, whose key is at hand.

    No index leads from the id itself, since each would be paid for by every message: of an older
    one, and of one that is no mail, all messages are read. Three queries.
    """
    rows = Message.objects.filter(public_id=public_id).select_related("profile", "purpose")
    given = [f"<{public_id}@{one}>" for one in {domain, *_sender_domains()}]
    for profile_id, message_id in references.find("email", given).values():
        return rows.filter(profile_id=profile_id, id=message_id)
    return rows


def _sender_domains() -> Iterator[str]:
    for address in Sender.objects.values_list("address", flat=True):
        with suppress(UnusableAddress):
            yield wire_domain(address.rpartition("@")[2])


def _person(text: str, shown: Shown) -> Profile | None:
    """Who has it today."""
    kind, value = contact_of(text, workspace().country) or ("push_token", text)
    if not shown.sees_key(kind, value):
        return None
    rows = IdentifierKey.objects.filter(kind=kind, value=value)
    owner = rows.values_list("profile_id", flat=True).first()
    return person_today(owner) if owner else None
