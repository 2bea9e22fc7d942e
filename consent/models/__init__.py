"""Tables of permission and privacy."""

from consent.models.ledger import ConsentEntry, ConsentState, Suppression
from consent.models.policy import Policy, PolicyVersion
from consent.models.privacy import (
    DeadlineRule,
    ErasedIdentifier,
    PrivacyRequest,
    RequestComment,
    StatusCallback,
)
from consent.models.purpose import Purpose, Topic
from consent.models.wording import Wording

__all__ = [
    "ConsentEntry",
    "ConsentState",
    "DeadlineRule",
    "ErasedIdentifier",
    "Policy",
    "PolicyVersion",
    "PrivacyRequest",
    "Purpose",
    "RequestComment",
    "StatusCallback",
    "Suppression",
    "Topic",
    "Wording",
]
