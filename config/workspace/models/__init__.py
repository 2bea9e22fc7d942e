"""The installation's own records."""

from config.workspace.models.access import ApiKey, Role, Secret, SignInAttempt, User
from config.workspace.models.circuits import Circuit
from config.workspace.models.records import AuditEntry, AuditSeal, Job
from config.workspace.models.webhooks import Webhook, WebhookDelivery
from config.workspace.models.work import SendCount, WorkRun
from config.workspace.models.workspace import Workspace

__all__ = [
    "ApiKey",
    "AuditEntry",
    "AuditSeal",
    "Circuit",
    "Job",
    "Role",
    "Secret",
    "SendCount",
    "SignInAttempt",
    "User",
    "Webhook",
    "WebhookDelivery",
    "WorkRun",
    "Workspace",
]
