"""What happened to a message, told as events on the person through the inbox.

Names and properties are those of Segment's semantic events for e-mail.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from campaigns.models import Campaign, Message
from profiles.ingest.inbox import accept
from profiles.models import Profile, Source

SOURCE = "Rapport"


@dataclass(frozen=True)
class Happened:
    """One thing that happened to a message of a person."""

    name: str
    profile_id: int
    message_id: int
    properties: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    once: str = ""  # what makes it one event, however often it is told


def internal_source() -> Source:
    """The source of what we ourselves know, made when first needed."""
    source, _made = Source.objects.get_or_create(
        name=SOURCE,
        defaults={"kind": Source.Kind.SERVER, "trust": 90, "is_internal": True},
    )
    return source


def tell(happened: Sequence[Happened], keys: Collection[int]) -> None:
    """Put the events into the inbox, in the caller's transaction: four statements for any number.

    `profile_id` of each is who the person is today; `keys` are the ids under which the messages
    stand.
    """
    if not happened:
        return
    people = dict(
        Profile.objects.filter(pk__in={one.profile_id for one in happened}).values_list(
            "pk", "public_id"
        )
    )
    messages = {
        row["id"]: row
        for row in Message.objects.filter(
            profile_id__in=keys,
            id__in={one.message_id for one in happened},
        ).values("id", "campaign_id", "variant", "step", "channel", "public_id")
    }
    campaigns = Campaign.objects.in_bulk({row["campaign_id"] for row in messages.values()} - {None})
    calls = [
        _call(one, str(people[one.profile_id]), messages.get(one.message_id, {}), campaigns)
        for one in happened
        if one.profile_id in people
    ]
    accept(internal_source(), calls)


def _call(
    one: Happened, public_id: str, message: Mapping[str, Any], campaigns: Mapping[int, Campaign]
) -> dict[str, Any]:
    at = (one.at or timezone.now()).isoformat()
    campaign = campaigns.get(message.get("campaign_id") or 0)
    properties: dict[str, Any] = {"message_id": str(message.get("public_id", "")), **one.properties}
    if campaign:
        properties |= {"campaign_id": campaign.slug, "campaign_name": campaign.name}
        if message.get("variant"):
            properties["variant"] = message["variant"]
    call: dict[str, Any] = {
        "type": "track",
        "event": one.name,
        "properties": properties,
        "timestamp": at,
        "context": {
            "externalIds": [
                {"id": public_id, "type": "rapport_id", "collection": "users", "encoding": "none"}
            ],
            # it is our record of the person, not a visit of theirs
            "active": one.name not in ("Email Bounced",),
        },
    }
    if one.once:
        call["messageId"] = f"{one.name}:{message.get('public_id', one.message_id)}:{one.once}"[
            :100
        ]
    return call
