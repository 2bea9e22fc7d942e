"""Privacy requests; carried out by the privacy issue."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.workspace.tables.belonging import Apart, Belonging, Erased, Merged
from config.workspace.tables.lasting import ForEver


class PrivacyRequest(models.Model):
    """What a person asks of their data, with its clock."""

    belongs = Belonging(Merged.KEPT, Apart.STAYS, Erased.SCRUBBED)
    lasts = ForEver("proves that a request was answered")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    type = models.CharField(max_length=30)
    regulation = models.CharField(max_length=20)
    status = models.CharField(max_length=20, default="pending")
    profile_id = models.BigIntegerField(null=True, db_index=True)
    identities = models.JSONField(default=list)
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)

    class Meta:
        db_table = "privacy_request"
        verbose_name = _("privacy request")
        verbose_name_plural = _("privacy requests")

    def __str__(self) -> str:
        return f"{self.type} {self.public_id}"
