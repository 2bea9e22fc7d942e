"""Outgoing webhooks: where to, and what is still to be delivered."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.belonging import IN_NUMBERS, Apart, Belonging, Erased, Merged
from config.workspace.tables.lasting import Bounded, Until


class OutgoingCall(models.Model):
    """A call to make to a server of others; claimed by its `due_at` (`outgoing/queue.py`).

    `last_error` is in words of ours alone.
    """

    attempts = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class Webhook(models.Model):
    """An address that wants to be told of events of this installation.

    `former_secret` signs beside `secret` until `former_until`. `failing_since` is when the first of
    its calls failed that were not followed by one that was taken, `failures` how many that are.
    """

    lasts = Bounded("made by hand")

    class Off(models.TextChoices):
        """Why it is switched off."""

        BY_HAND = "by_hand", _("switched off by hand")
        GONE = "gone", _("it answered 410: nobody wants to be told there any more")
        FAILING = "failing", _("it took nothing for days")

    url = models.URLField(_("address"), max_length=2000)
    server = models.CharField(max_length=300, default="", editable=False)  # of the address
    events = ArrayField(models.CharField(max_length=80), default=list)
    # of who is erased it is told the workspace's own ids (`user_id`) beside ours
    erased_user_ids = models.BooleanField(_("told who was erased by your own ids"), default=False)
    description = models.CharField(_("description"), max_length=200, blank=True, default="")
    secret = models.ForeignKey("workspace.Secret", models.PROTECT, null=True, related_name="+")
    former_secret = models.ForeignKey(
        "workspace.Secret", models.PROTECT, null=True, related_name="+"
    )
    former_until = models.DateTimeField(null=True)
    enabled = models.BooleanField(default=True)
    off_at = models.DateTimeField(null=True)
    off_because = models.CharField(max_length=10, choices=Off.choices, blank=True, default="")
    failing_since = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    last_taken_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "webhook"
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    def __str__(self) -> str:
        return self.description or self.host

    @property
    def state(self) -> str:
        """How it fares: off, failing or healthy."""
        if not self.enabled:
            return "off"
        return "failing" if self.failing_since else "healthy"

    @property
    def host(self) -> str:
        """The server's name: the rest of an address may be a secret."""
        return self.server.partition("://")[2].removesuffix(":443")


class WebhookDelivery(OutgoingCall):
    """One call to make to one webhook. Whom it is about is `people`; their ids are put into the
    body when the call is made, so that nobody is named here.

    `sealed` is what an erasure says of a person, encrypted, until it is taken or too old. `tries`
    are the newest, `{at, status, error, ms}`; `answer` is how the last answer began. One that is
    `withheld` failed since nobody in it may be told of any more.
    """

    belongs = Belonging(
        Merged.KEPT,
        Apart.STAYS,
        Erased.SCRUBBED,
        by=("people",),
        scrubbed={"answer": "''"},
        why=IN_NUMBERS,
    )
    lasts = Until(
        gettext_noop("so long after it was made, once delivered or given up"),
        "webhook_deliveries",
        "WEBHOOK_DELIVERY_DAYS",
    )
    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    webhook = models.ForeignKey(Webhook, models.CASCADE, db_index=False)
    event = models.CharField(max_length=80)
    data = models.JSONField(default=dict)
    people = ArrayField(models.BigIntegerField(), default=list)
    sealed = models.BinaryField(null=True)
    withheld = models.BooleanField(default=False)
    last_status = models.IntegerField(null=True)
    answer = models.TextField(blank=True, default="")
    tries = models.JSONField(default=list)

    class Meta:
        db_table = "webhook_delivery"
        indexes = [
            # the next ones of each webhook, and since when the oldest waits
            models.Index(
                fields=["webhook", "due_at"],
                name="webhook_due",
                condition=models.Q(delivered_at__isnull=True, failed_at__isnull=True),
            ),
            # what is done goes after a time
            models.Index(
                fields=["created_at"],
                name="webhook_done",
                condition=models.Q(delivered_at__isnull=False) | models.Q(failed_at__isnull=False),
            ),
            # the log of a webhook, and its dead letters
            models.Index(fields=["webhook", "-id"], name="webhook_log"),
            models.Index(
                fields=["webhook", "failed_at"],
                name="webhook_failed",
                condition=models.Q(failed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook_id}"

    @property
    def message_id(self) -> str:
        """What stays the same however often it is tried: the header `webhook-id`."""
        return f"msg_{self.public_id.hex}"
