"""Tables of permission and privacy."""

from consent.models.ledger import ConsentEntry, ConsentState, Suppression
from consent.models.privacy import PrivacyRequest
from consent.models.purpose import Policy, Purpose, Topic

__all__ = [
    "ConsentEntry",
    "ConsentState",
    "Policy",
    "PrivacyRequest",
    "Purpose",
    "Suppression",
    "Topic",
]
