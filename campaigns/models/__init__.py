"""Tables of campaigns and messages."""

from campaigns.models.campaign import (
    Campaign,
    CampaignVersion,
    ContentVersion,
    Enrolment,
    Sender,
    Transition,
)
from campaigns.models.message import (
    ContactCount,
    ExcludedCount,
    Message,
    MessageChunk,
    MessageReference,
)

__all__ = [
    "Campaign",
    "CampaignVersion",
    "ContactCount",
    "ContentVersion",
    "Enrolment",
    "ExcludedCount",
    "Message",
    "MessageChunk",
    "MessageReference",
    "Sender",
    "Transition",
]
