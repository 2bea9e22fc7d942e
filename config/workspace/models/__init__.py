"""The installation's own records."""

from config.workspace.models.access import ApiKey, Role, Secret, User
from config.workspace.models.records import AuditEntry, AuditSeal, Job
from config.workspace.models.webhooks import Webhook, WebhookDelivery
from config.workspace.models.workspace import Workspace

__all__ = [
    "ApiKey",
    "AuditEntry",
    "AuditSeal",
    "Job",
    "Role",
    "Secret",
    "User",
    "Webhook",
    "WebhookDelivery",
    "Workspace",
]
