"""Tables of campaigns and messages."""

from campaigns.models.campaign import (
    Campaign,
    CampaignVersion,
    ContentVersion,
    Enrolment,
    Sender,
)
from campaigns.models.message import ContactCount, Message, MessageChunk

__all__ = [
    "Campaign",
    "CampaignVersion",
    "ContactCount",
    "ContentVersion",
    "Enrolment",
    "Message",
    "MessageChunk",
    "Sender",
]
