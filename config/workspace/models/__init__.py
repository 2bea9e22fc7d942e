"""The installation's own records."""

from config.workspace.models.access import (
    AccessLink,
    ApiKey,
    Role,
    Secret,
    SeenSession,
    SignInAttempt,
    User,
)
from config.workspace.models.circuits import Circuit
from config.workspace.models.mail import OutgoingMail
from config.workspace.models.records import AuditedPeople, AuditEntry, Job, Seal, TimeStamp
from config.workspace.models.roles import CustomRole
from config.workspace.models.sso import IdentityProvider, TakenAssertion
from config.workspace.models.webhooks import OutgoingCall, Webhook, WebhookDelivery
from config.workspace.models.work import SendCount, WorkRun
from config.workspace.models.workspace import Workspace

__all__ = [
    "AccessLink",
    "ApiKey",
    "AuditEntry",
    "AuditedPeople",
    "Circuit",
    "CustomRole",
    "IdentityProvider",
    "Job",
    "OutgoingCall",
    "OutgoingMail",
    "Role",
    "Seal",
    "Secret",
    "SeenSession",
    "SendCount",
    "SignInAttempt",
    "TakenAssertion",
    "TimeStamp",
    "User",
    "Webhook",
    "WebhookDelivery",
    "WorkRun",
    "Workspace",
]
