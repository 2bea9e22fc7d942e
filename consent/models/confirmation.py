"""Double opt-in: what somebody was asked to confirm, and what was not asked because of a limit."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.belonging import Apart, Belonging, Erased, Merged
from config.workspace.tables.lasting import Until
from config.workspace.tables.schema import ProfileScoped


class Confirmation(ProfileScoped):
    """One question that went to an address, with the words that it was put in.

    `entry_id` is the pending statement of the ledger. `digest` and `caller` are keyed digests of
    the address and of the network that asked ("" where a system of ours did), by which the limits
    count. What came of it is in the ledger for ever; the row itself is for the link and the limits.
    """

    belongs = Belonging(Merged.KEPT, Apart.STAYS, Erased.ERASED, at_once=True)
    lasts = Until(gettext_noop("90 days after the question"), "confirmations")

    class Answer(models.TextChoices):
        """What became of it."""

        WAITING = "", _("Waiting")
        CONFIRMED = "confirmed", _("Confirmed")
        REFUSED = "refused", _("Refused")
        EXPIRED = "expired", _("Expired")

    id = models.BigAutoField(primary_key=True)
    profile = models.ForeignKey("profiles.Profile", models.CASCADE, db_index=False)
    purpose = models.ForeignKey("consent.Purpose", models.PROTECT, db_index=False)
    topic = models.ForeignKey("consent.Topic", models.PROTECT, null=True, db_index=False)
    channel = models.TextField()
    contact_point = models.TextField()
    digest = models.BinaryField(max_length=16)
    caller = models.BinaryField(max_length=16, null=True)
    entry_id = models.BigIntegerField()
    wording = models.ForeignKey("consent.Wording", models.PROTECT, db_index=False)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    remind_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(choices=Answer.choices, blank=True, default="")

    class Meta:
        db_table = "confirmation"
        verbose_name = _("double opt-in")
        verbose_name_plural = _("double opt-ins")
        indexes = [
            # how often an address, or a caller, asked lately
            models.Index(fields=["digest", "asked_at"], name="confirmation_by_digest"),
            models.Index(fields=["caller", "asked_at"], name="confirmation_by_caller"),
            # those that are reminded of, and those that end
            models.Index(
                fields=["expires_at"],
                condition=models.Q(answered_at=None),
                name="confirmation_waiting",
            ),
            models.Index(fields=["asked_at"], name="confirmation_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.profile_id}.{self.pk}"

    @property
    def is_over(self) -> bool:
        """Whether nobody can answer any more."""
        return self.expires_at <= timezone.now()


class UnaskedCount(models.Model):
    """How many double opt-ins were not sent on a day, by the limit that kept them back."""

    lasts = Until("a year", "unasked_counts")
    day = models.DateField()
    reason = models.CharField(max_length=30)
    n = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "unasked_count"
        constraints = [
            models.UniqueConstraint(fields=["day", "reason"], name="unasked_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.reason}"
