"""Tables of permission and privacy."""

from consent.models.archives import ArchiveDownload, PersonArchive, Redaction
from consent.models.banner import Banner
from consent.models.confirmation import Confirmation, UnaskedCount
from consent.models.exceptions import ErasureDuty, ErasureException
from consent.models.keeping.datamap import DataField, ProcessingRecord
from consent.models.keeping.incident import BreachClock, Incident
from consent.models.keeping.retention import RetainedTotal, RetentionRule, RetentionRun
from consent.models.ledger import ConsentEntry, ConsentState, Suppression
from consent.models.policy import Policy, PolicyVersion
from consent.models.privacy import (
    DeadlineRule,
    ErasedIdentifier,
    ErasureReceipt,
    PrivacyRequest,
    RequestComment,
    StatusCallback,
)
from consent.models.proof import IdentityLink, RequestLetter
from consent.models.purpose import Purpose, Topic
from consent.models.signals import SignalMapping
from consent.models.volume import OwnLimit
from consent.models.wording import Wording

__all__ = [
    "ArchiveDownload",
    "BreachClock",
    "Confirmation",
    "Banner",
    "ConsentEntry",
    "ConsentState",
    "DataField",
    "DeadlineRule",
    "ErasedIdentifier",
    "ErasureDuty",
    "ErasureException",
    "ErasureReceipt",
    "IdentityLink",
    "OwnLimit",
    "PersonArchive",
    "Policy",
    "PolicyVersion",
    "Incident",
    "PrivacyRequest",
    "ProcessingRecord",
    "Purpose",
    "Redaction",
    "RequestComment",
    "RequestLetter",
    "SignalMapping",
    "RetainedTotal",
    "RetentionRule",
    "RetentionRun",
    "StatusCallback",
    "Suppression",
    "Topic",
    "UnaskedCount",
    "Wording",
]
