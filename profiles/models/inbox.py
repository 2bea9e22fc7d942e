"""What came in and is not worked off yet, and what was refused; tables local to one server."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.belonging import IN_NUMBERS, Apart, Belonging, Erased, Merged
from config.workspace.tables.lasting import Bounded, Until


class Inbox(models.Model):
    """One accepted call or file slice; deleted in the transaction that holds its effects.

    `body` is a JSON array of accepted messages as bytes; `envelope` holds what belongs to all of
    them: sentAt, context and integrations of the batch, gpc, address of the caller.
    """

    lasts = Bounded(
        gettext_noop(
            "goes with its effects; what was set aside is accepted, and waits for somebody"
        )
    )
    source = models.ForeignKey("profiles.Source", models.PROTECT)
    body = models.BinaryField()
    envelope = models.JSONField(default=dict)
    count = models.IntegerField(default=0)
    is_history = models.BooleanField(default=False)  # a file: no age limit, no live effects
    received_at = models.DateTimeField()
    attempts = models.SmallIntegerField(default=0)
    failed_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        db_table = "inbox"
        verbose_name = _("waiting call")
        verbose_name_plural = _("waiting calls")

    def __str__(self) -> str:
        return f"inbox {self.pk}"


class Rejection(models.Model):
    """One message that was refused, with its reasons; kept for all to see.

    Of many alike only the first are kept; `RefusalCount` has them all.
    """

    lasts = Until(
        gettext_noop("so long after it came; of a source the newest 20,000"),
        "refusals",
        "REJECTION_DAYS",
    )
    source = models.ForeignKey("profiles.Source", models.CASCADE)
    message_id = models.TextField(blank=True)
    type = models.CharField(max_length=20, blank=True)
    received_at = models.DateTimeField()
    code = models.CharField(max_length=40)
    errors = models.JSONField(default=list)  # [{"path", "code", "message"}]
    body = models.TextField(blank=True)  # the first 32 KB, escaped

    class Meta:
        db_table = "rejection"
        ordering = ["-id"]
        verbose_name = _("refused call")
        verbose_name_plural = _("refused calls")
        indexes = [
            models.Index(fields=["source", "-id"], name="rejection_by_source"),
            models.Index(fields=["code", "-id"], name="rejection_by_code"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.message_id}"


class RefusalCount(models.Model):
    """How many messages were refused: all of them, whether a `Rejection` holds their words or not.

    A row for each call and reason, later one for a minute, then one for an hour
    (`profiles.ingest.refusals.fold`): sums are exact, and no two calls wait for one row.
    """

    lasts = Until(
        gettext_noop("so long after it came; a row an hour before that"),
        "refusals",
        "REJECTION_DAYS",
    )
    source = models.ForeignKey("profiles.Source", models.CASCADE)
    code = models.CharField(max_length=40)
    at = models.DateTimeField()
    n = models.BigIntegerField()
    kept = models.BigIntegerField()  # of them with a rejection

    class Meta:
        db_table = "refusal_count"
        indexes = [
            models.Index(fields=["source", "at"], name="refusal_count_by_source"),
            models.Index(fields=["at"], name="refusal_count_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.n}"


class MessageClaim(models.Model):
    """A message id seen: 16 bytes of a digest of source and message id."""

    lasts = Until(
        gettext_noop("a month after its message would be refused for its age"),
        "message_claims",
        "MESSAGE_ID_MONTHS",
    )
    digest = models.BinaryField(max_length=16, primary_key=True)
    received_on = models.DateField()

    class Meta:
        db_table = "message_claim"
        # days follow each other in the table, so that the old ones are found without reading all
        indexes = [BrinIndex(fields=["received_on"], name="message_claim_by_day")]

    def __str__(self) -> str:
        return bytes(self.digest).hex()


class ProfileChange(models.Model):
    """Profiles that changed and what about them, for those who keep something derived."""

    belongs = Belonging(Merged.KEPT, Apart.STAYS, Erased.KEPT, by=("profile_ids",), why=IN_NUMBERS)
    lasts = Bounded(gettext_noop("goes when segments have looked at it"))
    profile_ids = ArrayField(models.BigIntegerField())
    names = ArrayField(models.TextField())
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "profile_change"

    def __str__(self) -> str:
        return f"{len(self.profile_ids)} profiles"
