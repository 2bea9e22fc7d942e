"""Outgoing webhooks: where to, and what is still to be delivered."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from config.workspace.tables.lasting import Bounded, Until


class Webhook(models.Model):
    """An address that wants to be told of events of this installation."""

    lasts = Bounded("made by hand")
    url = models.URLField(max_length=2000)
    events = ArrayField(models.CharField(max_length=80), default=list)
    secret = models.ForeignKey("workspace.Secret", models.PROTECT, null=True)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "webhook"

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One call to make; claimed with SKIP LOCKED."""

    lasts = Until(
        "so long after it was made, once delivered or given up",
        "webhook_deliveries",
        "WEBHOOK_DELIVERY_DAYS",
    )
    webhook = models.ForeignKey(Webhook, models.CASCADE)
    event = models.CharField(max_length=80)
    body = models.JSONField()
    attempts = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    last_status = models.IntegerField(null=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "webhook_delivery"
        indexes = [
            models.Index(
                fields=["due_at"],
                name="webhook_due",
                condition=models.Q(delivered_at__isnull=True, failed_at__isnull=True),
            ),
            # what is done goes after a time
            models.Index(
                fields=["created_at"],
                name="webhook_done",
                condition=models.Q(delivered_at__isnull=False) | models.Q(failed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook_id}"
